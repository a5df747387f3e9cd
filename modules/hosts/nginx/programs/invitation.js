// What an invitation's link says by itself, without a question to the server, which gives everything that it refuses
// the one answer.
import { isWellTyped } from "./name.js";

/**
 * What a token says. Nobody checks its signature here: nothing depends on it but what is shown to who holds it.
 *
 * @returns its claims; undefined: there is no token in it that says when it begins and ends
 */
export function claimsOf(token) {
  try {
    const body = token.split(".")[1].replace(/-/g, "+").replace(/_/g, "/");
    const claims = JSON.parse(atob(body));
    return typeof claims.nbf === "number" && typeof claims.exp === "number" ? claims : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Why a link can't lead into its meeting, where it says so itself.
 *
 * @param name the meeting's, as it stands in the address
 * @param token the JWT; undefined: there is none
 * @param now seconds since 1970
 * @returns `id` of the notice, and `at`, seconds since 1970, where it is a matter of time
 */
export function problemOf(name, token, now) {
  if (!isWellTyped(name)) return { id: "mistyped" };
  const claims = token ? claimsOf(token) : undefined;
  if (!claims) return { id: "incomplete" };
  if (claims.room !== name) return { id: "other" };
  if (now < claims.nbf) return { id: "early", at: claims.nbf };
  if (now >= claims.exp) return { id: "ended", at: claims.exp };
  return undefined;
}
