import { createHash } from "node:crypto";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ROOT } from "../root.ts";
import { polderFrom, processFrom } from "./testing.ts";
// Read here: on a busy machine that takes longer than a test may.
import "./render.ts";

const NAME = "t-render";
const work = mkdtempSync(join(tmpdir(), "polder-render-"));
const folder = join(work, NAME);
const built = join(ROOT, "build/instances", NAME);
const hosts = join(built, "hosts");

beforeAll(() => {
  cpSync(join(ROOT, "instances/lab/instance.yaml"), join(folder, "instance.yaml"));
  change("name: lab", `name: ${NAME}`);
});
afterAll(() => {
  rmSync(work, { recursive: true, force: true });
  rmSync(built, { recursive: true, force: true });
});

function change(from: string, to: string): void {
  const file = join(folder, "instance.yaml");
  writeFileSync(file, readFileSync(file, "utf8").replace(from, to));
}

const polder = polderFrom(work);

/** Every file below the folder with its text and rights. */
const everything = () =>
  readdirSync(hosts, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
    .map((file) => [file, readFileSync(file, "utf8"), statSync(file).mode & 0o777] as const);

describe("polder render", () => {
  it("writes every host's configuration, the same bytes each time, and removes what is stale", async () => {
    const first = processFrom(work)("render", folder);
    expect(first.stderr).toBe("");
    expect(first.status).toBe(0);
    const before = everything();
    mkdirSync(join(hosts, "bridge-99"));
    writeFileSync(join(hosts, "bridge-99/stale"), "");
    writeFileSync(join(hosts, "edge-1/files/etc/nftables.conf"), "edited");
    mkdirSync(`${hosts}.part`);
    writeFileSync(join(`${hosts}.part`, "cut short"), "");
    const second = await polder("render", folder);
    expect(second.stdout).toBe(first.stdout);
    expect(everything()).toEqual(before);
    expect(readdirSync(built).filter((name) => name.startsWith("hosts"))).toEqual(["hosts"]);
  });

  it("prints a line a host, whose sums are those of the files", async () => {
    const { stdout } = await polder("render", folder);
    const configuration = JSON.parse(
      readFileSync(join(hosts, "turn-1/configuration.json"), "utf8"),
    );
    const { length } = configuration.files;
    expect(stdout).toMatch(new RegExp(`^turn-1: ${length} files, .* secrets, [0-9a-f]{16}$`, "m"));
    for (const file of configuration.files) {
      const text = readFileSync(join(hosts, "turn-1/files", file.path));
      expect(createHash("sha256").update(text).digest("hex"), file.path).toBe(file.sha256);
    }
    expect(stdout).toContain("not yet allocated: public addresses of");
  });

  it("says what is wrong, writes nothing, and ends with 2", async () => {
    const before = everything();
    change('source: mirror, mirror: "http://198.18.64.1:3142/"', "source: folder");
    const { status, stderr } = await polder("render", folder);
    expect(status).toBe(2);
    expect(stderr).toMatch(
      /^t-render\/instance\.yaml:\d+:\d+: packages\.source: source: folder needs packages\.folder\n$/,
    );
    expect(everything()).toEqual(before);
  });
});
