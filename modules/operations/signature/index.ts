export { allowedSigners, isSignedBy, signText } from "./signature.ts";
