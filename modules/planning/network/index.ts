export {
  addressAt,
  type Cidr,
  cidr,
  contains,
  formatAddress,
  INTERNET,
  overlaps,
  parseCidr,
  subnet,
} from "./cidr.ts";
