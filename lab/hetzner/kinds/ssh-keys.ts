import { createHash } from "node:crypto";
import { ApiError, invalid } from "../error.ts";
import type { StoredObject } from "../project.ts";
import { checkedLabels } from "../query.ts";
import { common, made, none, type Route, shownCommon } from "../route.ts";

const show = (key: StoredObject) => ({
  ...shownCommon(key),
  fingerprint: key["fingerprint"],
  public_key: key["public_key"],
});

/** The MD5 of a public key, by bytes: what the API calls its fingerprint (RFC 4716, 4). */
function fingerprintOf(publicKey: unknown): string {
  const [, body] = /^(?:ssh|ecdsa|sk)-\S+ ([A-Za-z0-9+/]+={0,2})(?: .*)?$/.exec(
    String(publicKey).trim(),
  ) ?? [null];
  if (!body) throw invalid("public_key", "a public key of OpenSSH is allowed");
  const sum = createHash("md5").update(Buffer.from(body, "base64")).digest("hex");
  return (sum.match(/../g) ?? []).join(":");
}

export const sshKeys: readonly Route[] = [
  ...common("ssh_keys", "ssh_key", show),
  [
    "POST /ssh_keys",
    ({ project, body }) => {
      project.refuseName("ssh_keys", body.name);
      const fingerprint = fingerprintOf(body.public_key);
      if (project.all("ssh_keys").some((one) => one["fingerprint"] === fingerprint))
        throw new ApiError("uniqueness_error", "SSH key with the same fingerprint already exists");
      const key = project.add("ssh_keys", {
        name: body.name,
        fingerprint,
        public_key: body.public_key,
        protection: {},
        labels: checkedLabels(body.labels),
      });
      return made({ ssh_key: show(key) });
    },
  ],
  [
    "DELETE /ssh_keys/:",
    ({ project, at: [id = ""] }) => {
      project.remove("ssh_keys", project.get("ssh_keys", id));
      return none();
    },
  ],
];
