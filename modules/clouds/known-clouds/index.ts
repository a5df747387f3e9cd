export { cloudOf, loginOf, PROVIDERS, providerOf } from "./known-clouds.ts";
export { providerSchema } from "./provider-schema.ts";
