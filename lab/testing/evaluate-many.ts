// Makes, reads, plans, synthesises and evaluates many instances, each of its own size: `node --import tsx
// lab/testing/evaluate-many.ts FROM COUNT` prints what that took as JSON, and each fail on standard error.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { composition } from "../../cli/composition.ts";
import { formatFinding } from "../../modules/common/findings/index.ts";
import { policyInput } from "../../modules/operations/working-folder/index.ts";
import { evaluate } from "../../modules/policy/index.ts";
import { loadInstance } from "../../modules/workspace/index.ts";

const [from = 1, count = 1] = process.argv.slice(2).map(Number);
const parent = mkdtempSync(join(tmpdir(), "polder-many-"));

/** An instance of its own size: from one meeting of three to eight of thirty; some far larger. */
function write(number: number): string {
  const name = `m-${String(number).padStart(4, "0")}`;
  const folder = join(parent, name);
  mkdirSync(folder);
  const large = number % 100 === 0;
  const simultaneous = large ? 12 : 1 + (number % 8);
  const participants = large ? 40 : 3 + ((number * 7) % 28);
  writeFileSync(
    join(folder, "instance.yaml"),
    `name: ${name}
organisation: Ministerie nummer ${number}
domain: ${name}.vergaderen.example
classification: { marking: none, tbb: 4 }
residency: lab
cloud: openstack
location: ${number % 3 === 0 ? "lab-direct" : "lab-floating"}
chat: ${number % 2 === 0 ? "on" : "off"}
demand:
  meetings:
    - { kind: overleg, simultaneous: ${simultaneous}, participants: ${participants}, cameras: all }
admins:
  - name: Sam de Vries
    user: samdevries
    key: ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAICZZP6QBrHcj+rLvtQmxye1Q67Ks+C8hj2y+EEM1tjmg sam
  - name: Noor Bakker
    user: noorbakker
    key: ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDy9EfRFHEBAjWLXiguh/SCm+a+CXs9NyXW9OgB79oKf noor
adminNetworks: [198.18.64.0/30]
packages: { source: mirror, mirror: "http://198.18.64.1:3142/" }
securityContact: mailto:security@voorbeeld.example
`,
  );
  return folder;
}

/** Addresses as a cloud would have chosen them. */
function allocate(folder: string): void {
  const { instance, cloud, addresses } = loadInstance(folder).blueprint;
  if (addresses.state === "allocated") return;
  const lines = addresses.missing.map((host, i) => {
    const ipv6 = cloud.publicAddresses === "direct" ? `, ipv6: "2001:db8:d1::${i + 10}"` : "";
    return `  ${host}: { id: id-${host}, ipv4: 203.0.113.${i + 10}${ipv6} }\n`;
  });
  writeFileSync(
    join(folder, "addresses.yaml"),
    `instance: ${instance}\ncloud: ${cloud.provider}\nlocation: ${cloud.location}\naddresses:\n${lines.join("")}`,
  );
}

let [hosts, findings, slowest] = [0, 0, 0];
try {
  for (let number = from; number < from + count; number++) {
    const began = Date.now();
    const folder = write(number);
    allocate(folder);
    const loaded = loadInstance(folder);
    const found = evaluate(
      policyInput(loaded, { outdir: join(folder, "out") }, composition),
      "2026-11-24",
    );
    for (const finding of found)
      if (finding.verdict === "fail")
        process.stderr.write(`${loaded.blueprint.instance}: ${formatFinding(finding)}\n`);
    hosts += loaded.blueprint.hosts.length;
    findings += found.length;
    slowest = Math.max(slowest, Date.now() - began);
  }
} finally {
  rmSync(parent, { recursive: true });
}
const rssMiB = Math.round(process.memoryUsage().rss / 2 ** 20);
process.stdout.write(JSON.stringify({ hosts, findings, slowest, rssMiB }));
