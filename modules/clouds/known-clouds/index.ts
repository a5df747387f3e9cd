export { cloudOf, loginOf, providerOf } from "./known-clouds.ts";
export { providerSchema } from "./provider-schema.ts";
