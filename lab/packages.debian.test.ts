import { appendFileSync, cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { HostFile } from "../modules/hosts/configuration/index.ts";
import { renderHost } from "../modules/hosts/render/index.ts";
import { archiveFaults, filesBelow, fillArchive } from "../modules/operations/mirror/archive.ts";
import { buildBlueprint, type Host } from "../modules/planning/blueprint/index.ts";
import { inputOf, someInstance } from "../modules/planning/blueprint/testing.ts";
import { loadPrograms } from "../modules/workspace/index.ts";
import { standIns } from "./stand-ins/index.ts";
import { machineMirror } from "./testing/machine-mirror.ts";
import { type Brought, bringPackages, type HostOptions } from "./testing/packages-host.ts";
import { validatorRoot } from "./testing/validator-root.ts";

/** hello needs the C library alone; xz-utils is in the root, and comes from the security archive. */
const WANTED = [["hello"], ["xz-utils"]];

let root: string;
let folder: string;
let state: string;
const progress: string[] = [];
const fill = () =>
  fillArchive(folder, WANTED, {
    from: machineMirror(),
    state,
    progress: (line) => progress.push(line),
  });

beforeAll(async () => {
  root = await validatorRoot();
  folder = mkdtempSync(join(tmpdir(), "polder-mirror-"));
  state = mkdtempSync(join(tmpdir(), "polder-apt-"));
  await fill();
});
afterAll(() => {
  for (const one of [folder, state]) rmSync(one, { recursive: true, force: true });
});

/** What apt reads on a host of an instance whose packages come from a folder. */
const aptFiles = (): HostFile[] => {
  const packages = { source: "folder", folder: "packages" };
  const blueprint = buildBlueprint(inputOf(someInstance({ packages })));
  const { files } = renderHost(blueprint, blueprint.hosts[0] as Host, loadPrograms(), standIns);
  return files.filter(({ path }) => path.startsWith("/etc/apt/"));
};

/** Shell that puts these files where apt reads them, as converge's switch does. */
const switched = (): string =>
  aptFiles()
    .map(({ path, content }) => `cat >${path} <<'END'\n${content}\nEND`)
    .join("\n");

const bring = (options: Partial<HostOptions> = {}): Promise<Brought> =>
  bringPackages(root, { folder, files: aptFiles(), install: ["hello"], ...options });

/** The folder as somebody changed it. */
async function changed<T>(change: (copy: string) => void, use: (copy: string) => Promise<T>) {
  const copy = mkdtempSync(join(tmpdir(), "polder-mirror-"));
  try {
    cpSync(folder, copy, { recursive: true });
    change(copy);
    return await use(copy);
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

const packageFile = (name: string): string => {
  const found = filesBelow(folder).find((path) => path.includes(`/${name}_`));
  if (!found) throw new Error(`${name} isn't in the folder`);
  return found;
};

/** One package that is older than the archive's, as an image may bring it; the root's own age is no part of the test. */
const OLDER =
  "sed -i '/^Package: xz-utils$/,/^$/s/^Version: .*/Version: 5.8.0-1/' /var/lib/dpkg/status;" +
  "dpkg-query -W -f '${Package}\n' | grep -vx xz-utils | xargs apt-mark hold >/dev/null";

describe("a folder of Debian's packages", () => {
  it("is complete down to the C library, and filled again fetches no package twice", async () => {
    expect(packageFile("libc6")).toMatch(/^debian/);
    expect(await archiveFaults(folder, WANTED, state)).toEqual([]);
    progress.length = 0;
    await fill();
    expect(progress.filter((line) => line.includes("%"))).toEqual([]);
  });

  it("names a package that is missing or was changed", async () => {
    const hello = packageFile("hello");
    const faults = (change: (copy: string) => void) =>
      changed(change, (copy) => archiveFaults(copy, WANTED, state));
    expect(await faults((copy) => rmSync(join(copy, hello)))).toEqual([`${hello}: isn't there`]);
    expect(await faults((copy) => appendFileSync(join(copy, hello), "x"))).toEqual([
      `${hello}: was changed: its SHA-256 isn't the one that Debian signed`,
    ]);
  });

  it("is refused where Debian didn't sign its lists", async () => {
    const list = "debian/dists/trixie/InRelease";
    const change = (copy: string) => {
      const text = readFileSync(join(copy, list), "utf8");
      writeFileSync(join(copy, list), text.replace("Suite: stable", "Suite: stabel"));
    };
    await expect(changed(change, (copy) => archiveFaults(copy, WANTED, state))).rejects.toThrow(
      /isn't signed by Debian/,
    );
  });
});

describe("a host without any network", () => {
  it("installs from what converge brings", async () => {
    const { failure, reports, output } = await bring({
      after: "hello; ls /var/lib/polder-packages",
    });
    expect(failure).toBeUndefined();
    expect(reports.map(({ phase }) => phase)).toContain("choose");
    expect(output).toBe("Hello, world!\ndebian\ndebian-security");
  });

  it("gets the security updates of what it has, and unattended-upgrades installs them", async () => {
    const after = `${switched()}\nunattended-upgrade -v; dpkg-query -W -f '\${Version}' xz-utils`;
    const { failure, output } = await bring({ before: OLDER, after });
    expect(failure).toBeUndefined();
    expect(output).toMatch(/Packages that will be upgraded: xz-utils[\s\S]*\n5\.8\.1-\S+$/);
  });

  it("says which update the folder lacks, and goes on", async () => {
    const xz = packageFile("xz-utils");
    const { failure, reports } = await changed(
      (copy) => rmSync(join(copy, xz)),
      (copy) => bring({ folder: copy, before: OLDER }),
    );
    expect(failure).toBeUndefined();
    expect(reports.flatMap(({ lacks }) => lacks ?? [])).toContain(xz.split("/").at(-1));
  });

  it.each([
    [
      "lacks a package",
      (copy: string) => rmSync(join(copy, packageFile("hello"))),
      /the folder lacks hello_\S+\.deb: `polder mirror` fills it/,
    ],
    [
      "has another file in its place",
      (copy: string) => appendFileSync(join(copy, packageFile("hello")), "x"),
      /hello_\S+ in the folder is another file than the one that Debian signed/,
    ],
    [
      "has a list that Debian didn't sign",
      (copy: string) => {
        const list = join(copy, "debian/dists/trixie/InRelease");
        writeFileSync(list, readFileSync(list, "utf8").replace("Suite: stable", "Suite: stabel"));
      },
      /signature is not Debian's/,
    ],
  ])("installs nothing from a folder that %s", async (_, change, line) => {
    const { failure, output } = await changed(change, (copy) =>
      bring({ folder: copy, after: "dpkg-query -W hello" }),
    );
    expect(failure).toMatch(line);
    expect(output).toMatch(/no packages found matching hello/);
  });

  it("refuses a folder that has expired", async () => {
    // apt's own bound in place of a clock that nobody may turn: a second after its date a list is too old.
    const files = aptFiles().map((file) =>
      file.path.endsWith("90polder")
        ? { ...file, content: `${file.content}Acquire::Max-ValidTime "1";\n` }
        : file,
    );
    const { failure } = await bring({ files });
    expect(failure).toMatch(/the folder of packages has expired .* ago: fill it again/);
  });

  it("refuses by digest what was changed on the host itself", async () => {
    const after = [
      "dpkg --purge hello >/dev/null",
      "for file in $(find /var/lib/polder-packages -name 'hello_*'); do printf x >>$file; done",
      "apt-get install -y hello",
    ].join("\n");
    const { failure, output } = await bring({ after: `${switched()}\n${after}` });
    expect(failure).toBeUndefined();
    expect(output).toMatch(/Hash Sum mismatch|unexpected size/i);
  });
});
