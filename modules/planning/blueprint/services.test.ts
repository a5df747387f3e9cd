// A port of the Blueprint is written down once, in services.ts: programs get it by their settings, Ansible's roles by the
// inventory. Tests may say a port, so that they don't repeat what they test; the policy must, since it asks nobody.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { describe, expect, it } from "vitest";
import { TOOLKIT } from "../../common/toolkit/index.ts";
import { PORTS } from "./services.ts";

const FOLDERS = ["modules", "stacks", "cli", "ansible", "lab/stand-ins"];
/** Tests, their data, and code that evaluates what others rendered, by tables of its own. */
const APART = /\.test\.ts$|\/testing\.ts$|\/tests\/|\/corpus\/|\.fixture\.|^modules\/policy\//;

/** Numbers that are a port's by chance, or that a standard and not the Blueprint has as a port: each with its reason. */
const OTHERS: Readonly<Record<string, string>> = {
  "modules/planning/blueprint/services.ts 443, 3478, 5222, 5443, 8080, 8888, 9090, 10000, 19531, 19532":
    "where they are written down",
  "modules/operations/review/review.ts 443": "what people know a port of somebody else's by",
  "modules/hosts/jitsi/keys.yaml 5222, 8888, 10000":
    "defaults of Jitsi's programs, as they have them",
  "modules/planning/instance/schema.ts 10000": "meetings and people, at most",
  "modules/planning/sizing/calibration.yaml 10000": "a measured number of kilobytes",
  "modules/hosts/gate/config.ts 10000": "rooms, at most",
  "modules/hosts/gate/programs/gate_buckets.lib.lua 10000": "buckets, at most",
  "modules/hosts/host/journal.ts 10000": "lines of the journal, at most",
  "modules/hosts/nginx/limits.ts 10000": "lines of other programs",
  "modules/meetings/rooms/shard.ts 10000": "hundredths of a percent",
  "modules/secrets/vaults/ansible-vault.ts 10000": "rounds of Ansible Vault's key derivation",
  "modules/secrets/vaults/prosody-account.ts 10000": "rounds of SCRAM",
  "modules/verification/enumeration/names.ts 10000": "names, at most",
  "modules/verification/probes/gate-log.ts 10000": "milliseconds",
  "modules/verification/probes/tls/probes.ts 10000": "milliseconds",
  "cli/terminal.ts 10000": "milliseconds",
};

const values = new Set<number>(Object.values(PORTS));
const inText = (text: string): number[] =>
  [...text.matchAll(/(?<![\w.])\d[\d_]*(?![\w%]|\.\d)/g)]
    .map(([digits]) => Number(digits.replaceAll("_", "")))
    .filter((number) => values.has(number));

/** The Blueprint's ports that a file spells, comments left out; ascending, each once. */
function portsIn(file: string, text: string): number[] {
  if (!file.endsWith(".ts")) {
    const code = text.replace(/^\s*(#|--|\/\/).*$|\s(#|--|\/\/) .*$|^("""[\s\S]*?""")$/gm, "");
    return [...new Set(inText(code))].sort((a, b) => a - b);
  }
  const found = new Set<number>();
  const visit = (node: ts.Node): void => {
    if (
      (ts.isLiteralExpression(node) && !ts.isRegularExpressionLiteral(node)) ||
      ts.isTemplateHead(node) ||
      ts.isTemplateMiddleOrTemplateTail(node)
    )
      for (const port of inText(node.text)) found.add(port);
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(file, text, ts.ScriptTarget.Latest));
  return [...found].sort((a, b) => a - b);
}

const files = FOLDERS.flatMap((folder) =>
  readdirSync(join(TOOLKIT, folder), { recursive: true, encoding: "utf8" }).map((file) =>
    join(folder, file),
  ),
).filter(
  (file) =>
    /\.(ts|js|py|lua|sh|ya?ml)$/.test(file) &&
    !APART.test(file) &&
    !/locations|catalogues/.test(file),
);
const spelt = files.flatMap((file) => {
  const ports = portsIn(file, readFileSync(join(TOOLKIT, file), "utf8"));
  return ports.length > 0 ? [`${file} ${ports.join(", ")}`] : [];
});

describe("a port of the Blueprint", () => {
  it.each([
    ["x.ts", "const PORT = 10_000;", [10_000]],
    ["x.ts", "const listen = `listen [::]:5222 ssl`;", [5222]],
    ["x.ts", "/** Port 5222. */\nconst one = 15_222; // 5222", []],
    ["x.py", '"""Port 5222."""\nconnect(address, 5222)  # not 443', [5222]],
    ["x.yml", "    port: 19532\n    msg: none on 443", [443, 19_532]],
    ["x.sh", 'connect "$first:443"', [443]],
    ["x.lua", "-- 5222\nlocal a = 1.5222", []],
  ])("is seen in %s: %j", (file, text, ports) => {
    expect(portsIn(file, text)).toEqual(ports);
  });

  it("is spelt where the list says, and nowhere else", () => {
    expect(files.length).toBeGreaterThan(400);
    expect(spelt.filter((one) => !(one in OTHERS))).toEqual([]);
  });

  it("has no reason where none is spelt", () => {
    expect(Object.keys(OTHERS).filter((one) => !spelt.includes(one))).toEqual([]);
  });
});
