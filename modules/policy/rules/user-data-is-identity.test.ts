import { example } from "../../../lab/testing/examples.ts";
import { body, bothWays, type Planted, set, subject } from "../testing.ts";
import { userDataIsIdentity } from "./user-data-is-identity.ts";

const SERVER = "openstack_compute_instance_v2";

const userData = (p: Planted, edit: (text: string) => string): string => {
  const server = body(p, SERVER, "edge-1");
  server.user_data = edit(server.user_data);
  return subject(p, SERVER, "edge-1");
};

bothWays(userDataIsIdentity, () => example(), [
  ["a program", (p) => userData(p, (t) => `${t}runcmd: [[sh, -c, id]]\n`), /runcmd: not allowed/],
  [
    "a file",
    (p) => userData(p, (t) => `${t}write_files: [{path: /etc/x}]\n`),
    /write_files: not allowed/,
  ],
  ["a script", (p) => userData(p, () => "#!/bin/sh\nid\n"), /doesn't begin with #cloud-config/],
  [
    "a template",
    (p) => userData(p, (t) => `## template: jinja\n${t}`),
    /doesn't begin with #cloud-config/,
  ],
  [
    "several parts",
    (p) => userData(p, (t) => `Content-Type: multipart/mixed\n\n${t}`),
    /doesn't begin/,
  ],
  [
    "password login",
    (p) => userData(p, (t) => t.replace("ssh_pwauth: false", "ssh_pwauth: true")),
    /ssh_pwauth: got true/,
  ],
  [
    "a root that may log in",
    (p) => userData(p, (t) => t.replace("disable_root: true", "disable_root: false")),
    /disable_root: got false/,
  ],
  [
    "an unlocked password",
    (p) => userData(p, (t) => t.replace("lock_passwd: true", "lock_passwd: false")),
    /users\[0\]\.lock_passwd: got false/,
  ],
  [
    "a password",
    (p) => userData(p, (t) => t.replace("    lock_passwd", "    passwd: x\n    lock_passwd")),
    /users\[0\]\.passwd: not allowed/,
  ],
  [
    "a second key",
    (p) =>
      userData(p, (t) =>
        t.replace(
          "    ssh_authorized_keys:",
          "    ssh_authorized_keys:\n      - ssh-ed25519 AAAA other",
        ),
      ),
    /ssh_authorized_keys: got/,
  ],
  [
    "another key",
    (p) => userData(p, (t) => t.replace("ssh-ed25519 AAAA", "ssh-ed25519 BBBB")),
    /ssh_authorized_keys: got/,
  ],
  [
    "one more person",
    (p) => userData(p, (t) => `${t}  - name: guest\n`),
    /got 3, the Blueprint has 2 admins/,
  ],
  [
    "the image's own user",
    (p) => {
      const subject = userData(p, (t) => t.replace("users:\n", "users:\n  - default\n"));
      // One too many, nothing known of the first, and the second is not who stands there.
      return Array(1 + 7 + 3).fill(subject) as string[];
    },
    /users/,
  ],
  [
    "another host's name",
    (p) => userData(p, (t) => t.replace("hostname: edge-1", "hostname: control-1")),
    /hostname: got "control-1"/,
  ],
  [
    "a setting left out",
    (p) => userData(p, (t) => t.replace("disable_root: true\n", "")),
    /disable_root: missing/,
  ],
  ["something else than YAML", (p) => userData(p, () => "#cloud-config\n\t{"), /no YAML object/],
  [
    "much text",
    (p) => userData(p, (t) => `${t}# ${"x".repeat(16_384)}\n`),
    /bytes, at most 16384 are allowed/,
  ],
  ["none", (p) => set(p, SERVER, "edge-1", { user_data: undefined }), /has no user_data/],
  [
    "no config drive",
    (p) => set(p, SERVER, "edge-1", { config_drive: false }),
    /config_drive is not true/,
  ],
  ["a key of the cloud", (p) => set(p, SERVER, "edge-1", { key_pair: "x" }), /sets key_pair/],
  [
    "injected files",
    (p) => set(p, SERVER, "edge-1", { personality: [{ file: "/etc/x", content: "x" }] }),
    /sets personality/,
  ],
  [
    "a server of nobody",
    (p) => set(p, SERVER, "edge-1", { tags: [], metadata: {} }),
    /no host of the Blueprint/,
  ],
]);
