import { appendFileSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { archiveFaults } from "../modules/operations/mirror/archive.ts";
import { PackagesFolder, WANTED } from "./testing/packages-folder.ts";

const packages = new PackagesFolder();
beforeAll(() => packages.fill());
afterAll(() => packages.remove());

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
});
