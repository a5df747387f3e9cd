export { type Invited, invite, type Link, type LinkTarget, type Meeting } from "./invite.ts";
export { type RevokeOptions, revoke } from "./revoke.ts";
