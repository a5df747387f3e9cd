import { describe, expect, it } from "vitest";
import { convertSources, transportSettings } from "./apt.ts";
import { assertProjectNames, renderClouds } from "./credentials.ts";
import { mountsBelow } from "./down.ts";
import { conflict, parseNet } from "./network.ts";
import { isAlive, parseProcessId, readIfThere, startTime } from "./process.ts";
import { assertPrograms, assertRoot, shortage } from "./requirements.ts";
import { parseComputes } from "./state.ts";
import { render } from "./template.ts";

const keyring = "/usr/share/keyrings/debian-archive-keyring.gpg";

describe("the machine's apt sources", () => {
  const convert = (text: string, name = "debian.sources") =>
    convertSources([{ name, text }], "bookworm", "trixie");

  it("converts deb822 with several suites, folded lines and comments", () => {
    const text = `Types: deb deb-src
# a comment in the middle
URIs: http://mirror.example/debian
Suites: bookworm
 bookworm-updates
Components: main contrib
Signed-By: ${keyring}

Types: deb
URIs: http://mirror.example/security
Suites: bookworm-security
Components: main
`;
    expect(convert(text)).toEqual([
      `deb [signed-by=${keyring}] http://mirror.example/debian trixie main`,
      `deb [signed-by=${keyring}] http://mirror.example/debian trixie-updates main`,
      "deb http://mirror.example/security trixie-security main",
    ]);
  });

  it("leaves out what is switched off, sources only, another release or a disc", () => {
    const paragraph = (fields: string) => `URIs: http://m.example\nComponents: main\n${fields}\n\n`;
    const text = [
      paragraph("Types: deb\nSuites: bookworm\nEnabled: no"),
      paragraph("Types: deb-src\nSuites: bookworm"),
      paragraph("Types: deb\nSuites: bookworm-backports"),
      paragraph("Types: deb\nSuites: bullseye"),
      "Types: deb\nURIs: cdrom:[disc]/\nSuites: bookworm\nComponents: main\n",
    ].join("");
    expect(convert(text)).toEqual([]);
  });

  it("converts one-line sources with and without options, once each", () => {
    const text = `deb http://m.example/debian bookworm main non-free-firmware # ours
deb http://m.example/debian bookworm main
deb [arch=amd64 signed-by=${keyring}] http://m.example/debian bookworm-updates main
#deb http://m.example/off bookworm main
`;
    expect(convert(text, "/etc/apt/sources.list")).toEqual([
      "deb http://m.example/debian trixie main",
      `deb [signed-by=${keyring}] http://m.example/debian trixie-updates main`,
    ]);
  });

  it("takes Debian's own archive and not another vendor's for the same release", () => {
    const text = `deb [signed-by=/etc/apt/keyrings/vendor.gpg] https://vendor.example bookworm main
deb http://m.example/debian bookworm main
deb https://other.example bookworm stable
`;
    expect(convert(text, "x.list")).toEqual(["deb http://m.example/debian trixie main"]);
  });

  it("takes a mirror that its site signs when there is nothing else", () => {
    const text = "deb [signed-by=/etc/site.gpg] http://m.example/debian bookworm main";
    expect(convert(text, "x.list")).toEqual([
      "deb [signed-by=/etc/site.gpg] http://m.example/debian trixie main",
    ]);
  });

  it("keeps proxies and logins, with absolute names", () => {
    const dump = `APT::Architecture "amd64";
Acquire::http::Proxy "http://proxy.example:3128";
Acquire::Languages "none";
Dir::Etc::netrc "auth.conf";
Dir::Etc::netrcparts "/elsewhere/auth.conf.d";
`;
    expect(transportSettings(dump)).toEqual([
      'Acquire::http::Proxy "http://proxy.example:3128";',
      'Dir::Etc::netrc "/etc/apt/auth.conf";',
      'Dir::Etc::netrcparts "/elsewhere/auth.conf.d";',
    ]);
  });
});

describe("clouds.yaml", () => {
  const passwords = { admin: "a-1", reader: "r-1", projects: { lab: "p-1", other: "p-2" } };

  it("has a cloud for each project, the admin and the reader", () => {
    const text = renderClouds(passwords, "http://192.0.2.2:5000/v3");
    expect(text.match(/^ {2}\S+:$/gm)).toEqual([
      "  lab:",
      "  other:",
      "  lab-admin:",
      "  lab-reader:",
    ]);
    expect(text).toContain('username: other\n      password: "p-2"\n      project_name: other\n');
    expect(text).toContain(
      'username: lab-reader\n      password: "r-1"\n      project_name: lab\n',
    );
  });

  it("refuses names that keystone, DNS or the file itself would trip over", () => {
    const refused =
      (...names: string[]) =>
      () =>
        assertProjectNames(names);
    expect(refused("lab", "a-2")).not.toThrow();
    for (const name of ["", "Lab", "1lab", "a b", "a:b", "../x", "admin", "lab-admin"]) {
      expect(refused(name)).toThrow(/can't be a project of the lab/);
    }
    expect(refused("lab", "lab")).toThrow('project "lab" is given twice');
  });
});

describe("process ids", () => {
  it("reads a whole pid file and nothing else", () => {
    expect(parseProcessId("123 4567\n")).toEqual({ pid: 123, started: "4567" });
    for (const text of ["", "123", "123 ", "0 1", "-1 5", "123 45 6", "a 1", "12"]) {
      expect(parseProcessId(text)).toBeUndefined();
    }
  });

  it("finds the start time behind a name with spaces and brackets", () => {
    const fields = Array.from({ length: 30 }, (_, index) => String(index + 3));
    expect(startTime(`7 (a) b (c)) ${fields.join(" ")}`)).toBe("22");
  });

  it("knows this process, and not another one with its pid", () => {
    const started = startTime(readIfThere("/proc/self/stat") ?? "") ?? "";
    expect(isAlive({ pid: process.pid, started })).toBe(true);
    expect(isAlive({ pid: process.pid, started: "1" })).toBe(false);
  });
});

describe("the link's range", () => {
  const net = parseNet("192.0.2.0/30");

  it("gives both ends and the link", () => {
    expect(net).toEqual({
      range: "192.0.2.0/30",
      machine: "192.0.2.1",
      lab: "192.0.2.2",
      link: "polder-c0000200",
    });
  });

  it("refuses what is no /30", () => {
    for (const range of ["", "192.0.2.0", "192.0.2.0/24", "192.0.2.1/30", "192.0.2/30", "::/30"]) {
      expect(() => parseNet(range)).toThrow(`POLDER_LAB_NET is "${range}"`);
    }
  });

  it("names the lab that has it, and how to end that one", () => {
    const link = { ifname: "polder-c0000200", ifalias: "polder lab in /other/folder" };
    expect(conflict(net, [link], [])).toBe(
      "192.0.2.0/30 is taken by link polder-c0000200 of the lab in /other/folder: run `POLDER_LAB=/other/folder polder lab down`",
    );
  });

  it("sees addresses and routes that overlap, and no others", () => {
    const eth0 = (local: string, prefixlen: number) => ({
      ifname: "eth0",
      addr_info: [{ local, prefixlen }],
    });
    expect(conflict(net, [eth0("192.0.2.77", 24)], [])).toMatch(
      /taken by link eth0 of this machine/,
    );
    expect(conflict(net, [eth0("192.0.3.1", 24), eth0("fe80::1", 64)], [])).toBeUndefined();
    expect(conflict(net, [], [{ dst: "default", dev: "eth0" }])).toBeUndefined();
    expect(conflict(net, [], [{ dst: "192.0.2.2", dev: "wg0" }])).toMatch(
      /taken by a route to 192.0.2.2 over wg0/,
    );
  });
});

describe("refusals", () => {
  it("say what to do next", () => {
    expect(() => assertRoot(1000, "linux")).toThrow("the lab needs root: run it with sudo");
    expect(() => assertRoot(0, "darwin")).toThrow("the lab needs Linux");
    expect(() => assertPrograms("/nowhere")).toThrow(
      "flock, ip, mmdebstrap, nsenter, setpriv, unshare are missing: apt-get install util-linux iproute2 mmdebstrap",
    );
    expect(shortage(4, 1.24, "/x")).toBe("no space: the lab needs 4 GB free in /x, 1.2 GB there");
    expect(shortage(4, 4, "/x")).toBeUndefined();
  });

  it("hold the number of computes", () => {
    expect(parseComputes(undefined)).toBe(3);
    expect(parseComputes("20")).toBe(20);
    for (const text of ["0", "21", "-1", "2.5", "x"]) {
      expect(() => parseComputes(text)).toThrow("must be 1 to 20");
    }
  });
});

describe("small parts", () => {
  it("fills a template, and fails on a name without a value", () => {
    expect(render("a={{x}} b={{x}}", { x: "$& {{y}}" })).toBe("a=$& {{y}} b=$& {{y}}");
    expect(() => render("{{z}}", {})).toThrow("no value for {{z}}");
  });

  it("finds mounts below a folder, and not those beside it", () => {
    const line = (point: string) => `36 35 0:1 / ${point} rw - tmpfs tmpfs rw`;
    const text = ["/a", "/a/b", "/ab", "/a/with\\040space"].map(line).join("\n");
    expect(mountsBelow(text, "/a")).toEqual(["/a/b", "/a/with space"]);
  });
});
