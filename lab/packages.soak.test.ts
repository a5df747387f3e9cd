// A folder of Debian's packages, and what a host without network does with it: it installs, it updates, and it refuses
// folders and files that are no longer good.
import { appendFileSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { archiveFaults } from "../modules/operations/mirror/archive.ts";
import { aptFiles, PackagesFolder, WANTED } from "./testing/packages-folder.ts";

const packages = new PackagesFolder();
beforeAll(() => packages.fill());
afterAll(() => packages.remove());

/** Shell that puts these files where apt reads them, as converge's switch does. */
const switched = (): string =>
  aptFiles()
    .map(({ path, content }) => `cat >${path} <<'END'\n${content}\nEND`)
    .join("\n");

/** One package that is older than the archive's, as an image may bring it; the root's own age is no part of the test. */
const OLDER =
  "sed -i '/^Package: xz-utils$/,/^$/s/^Version: .*/Version: 5.8.0-1/' /var/lib/dpkg/status;" +
  "dpkg-query -W -f '${Package}\n' | grep -vx xz-utils | xargs apt-mark hold >/dev/null";

describe("a folder of Debian's packages", () => {
  it("is complete down to the C library, and filled again fetches no package twice", async () => {
    expect(packages.packageFile("libc6")).toMatch(/^debian/);
    expect(await archiveFaults(packages.folder, WANTED, packages.state)).toEqual([]);
    packages.progress.length = 0;
    await packages.fill();
    expect(packages.progress.filter((line) => line.includes("%"))).toEqual([]);
  });

  it("names a package that is missing or was changed", async () => {
    const hello = packages.packageFile("hello");
    const faults = (change: (copy: string) => void) =>
      packages.changed(change, (copy) => archiveFaults(copy, WANTED, packages.state));
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
    await expect(
      packages.changed(change, (copy) => archiveFaults(copy, WANTED, packages.state)),
    ).rejects.toThrow(/isn't signed by Debian/);
  });
});

describe("a host without any network", () => {
  it("installs from what converge brings", async () => {
    const { failure, reports, output } = await packages.bring({
      after: "hello; ls /var/lib/polder-packages",
    });
    expect(failure).toBeUndefined();
    expect(reports.map(({ phase }) => phase)).toContain("choose");
    expect(output).toBe("Hello, world!\ndebian\ndebian-security");
  });

  it("installs nothing from a folder that has a list that Debian didn't sign", async () => {
    const change = (copy: string) => {
      const list = join(copy, "debian/dists/trixie/InRelease");
      writeFileSync(list, readFileSync(list, "utf8").replace("Suite: stable", "Suite: stabel"));
    };
    const { failure, output } = await packages.changed(change, (copy) =>
      packages.bring({ folder: copy, after: "dpkg-query -W hello" }),
    );
    expect(failure).toMatch(/signature is not Debian's/);
    expect(output).toMatch(/no packages found matching hello/);
  });

  it("gets the security updates of what it has, and unattended-upgrades installs them", async () => {
    const after = `${switched()}\nunattended-upgrade -v; dpkg-query -W -f '\${Version}' xz-utils`;
    const { failure, output } = await packages.bring({ before: OLDER, after });
    expect(failure).toBeUndefined();
    expect(output).toMatch(/Packages that will be upgraded: xz-utils[\s\S]*\n5\.8\.1-\S+$/);
  });

  it("says which update the folder lacks, and goes on", async () => {
    const xz = packages.packageFile("xz-utils");
    const { failure, reports } = await packages.changed(
      (copy) => rmSync(join(copy, xz)),
      (copy) => packages.bring({ folder: copy, before: OLDER }),
    );
    expect(failure).toBeUndefined();
    expect(reports.flatMap(({ lacks }) => lacks ?? [])).toContain(xz.split("/").at(-1));
  });

  it.each([
    [
      "lacks a package",
      (copy: string) => rmSync(join(copy, packages.packageFile("hello"))),
      /the folder lacks hello_\S+\.deb: `polder mirror` fills it/,
    ],
    [
      "has another file in its place",
      (copy: string) => appendFileSync(join(copy, packages.packageFile("hello")), "x"),
      /hello_\S+ in the folder is another file than the one that Debian signed/,
    ],
  ])("installs nothing from a folder that %s", async (_, change, line) => {
    const { failure, output } = await packages.changed(change, (copy) =>
      packages.bring({ folder: copy, after: "dpkg-query -W hello" }),
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
    const { failure } = await packages.bring({ files });
    expect(failure).toMatch(/the folder of packages has expired .* ago: fill it again/);
  });

  it("refuses by digest what was changed on the host itself", async () => {
    const after = [
      "dpkg --purge hello >/dev/null",
      "for file in $(find /var/lib/polder-packages -name 'hello_*'); do printf x >>$file; done",
      "apt-get install -y hello",
    ].join("\n");
    const { failure, output } = await packages.bring({ after: `${switched()}\n${after}` });
    expect(failure).toBeUndefined();
    expect(output).toMatch(/Hash Sum mismatch|unexpected size/i);
  });
});
