export { bridgeFragment } from "./fragment.ts";
