export {
  type Item,
  KINDS,
  type Kind,
  type Listing,
  type OfferedFlavour,
  OpenStackApi,
} from "./api.ts";
export { type CloudEntry, cloudsFile, readCloud } from "./clouds.ts";
