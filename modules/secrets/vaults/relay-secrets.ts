/** Makes logins for relays; during a rotation what will make them, or what made them before. */
export const RELAY_SECRET = "turn/shared-secret";
export const NEXT_RELAY_SECRET = "turn/next-secret";
export const PREVIOUS_RELAY_SECRET = "turn/previous-secret";

/** All that a login counts by, as JSON, the one that makes them first. */
export const ACCEPTED_RELAY_SECRETS = "turn/accepted-secrets";
