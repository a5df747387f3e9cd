import { execFileSync, spawn } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Api, type Json, text } from "./api.ts";
import { readPasswords } from "./credentials.ts";
import {
  defaultFolder,
  defaultQuota,
  down,
  LabInterrupted,
  type LabProject,
  labPaths,
  status,
  up,
} from "./index.ts";
import { running } from "./namespace.ts";
import { readIfThere, until } from "./process.ts";
import { buildRoot, needsRoot, rootStamp } from "./root.ts";
import { lastNet } from "./state.ts";

// A lab of its own beside the one that may be running, on the root that all labs here share.
const shared = labPaths(defaultFolder(), {});
const { root } = shared;
const minutes = 60_000;

const folder = mkdtempSync(join(tmpdir(), "polder-lifecycle-"));
const paths = labPaths(folder, {});
const tight = { ...defaultQuota, networks: 2, instances: 1 };
const projects: LabProject[] = [
  { name: "alfa", quota: tight },
  { name: "beta", quota: defaultQuota },
];

let lines: string[] = [];
const progress = (line: string) => lines.push(line);
const start = (signal?: AbortSignal) =>
  up({ folder, projects, progress, ...(signal && { signal }) });
const end = () => down({ folder, progress });
const stepsTaken = () => lines.map((line) => line.replace(/[:…].*/, "").trim());

/** Everything on this machine that bears the name of our folder. */
function traces(): string[] {
  const name = basename(folder);
  const links = execFileSync("ip", ["link"], { encoding: "utf8" }).includes(name) ? ["a link"] : [];
  const processes = readdirSync("/proc")
    .filter((pid) => /^\d+$/.test(pid) && Number(pid) !== process.pid)
    .filter((pid) => {
      const commandLine = readIfThere(`/proc/${pid}/cmdline`) ?? "";
      const mounts = readIfThere(`/proc/${pid}/mountinfo`) ?? "";
      return commandLine.includes(name) || mounts.includes(name);
    })
    .map((pid) => `process ${pid}: ${readIfThere(`/proc/${pid}/cmdline`)?.replaceAll("\0", " ")}`);
  return [...links, ...processes];
}

/** Another process that runs `up`, to be killed. */
function upElsewhere() {
  const code = `
    import { up } from ${JSON.stringify(join(import.meta.dirname, "index.ts"))};
    await up({ folder: ${JSON.stringify(folder)}, projects: [], progress: console.log });`;
  const child = spawn(process.execPath, ["--import", "tsx", "--input-type=module", "-e", code], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  child.stdout.on("data", (chunk) => {
    output += String(chunk);
  });
  return { child, output: () => output };
}

function login(project: string, user = project): Promise<Api> {
  const passwords = readPasswords(paths);
  const password =
    user === "lab-reader"
      ? passwords?.reader
      : user === "admin"
        ? passwords?.admin
        : passwords?.projects[user];
  return Api.open({ host: lastNet(paths)?.lab ?? "", user, password: password ?? "", project });
}

describe("a lab's life", { timeout: 3 * minutes }, () => {
  beforeAll(async () => {
    if (needsRoot(shared)) {
      mkdirSync(shared.cloud, { recursive: true, mode: 0o700 });
      await buildRoot(shared, () => undefined);
    }
    process.env["POLDER_LAB_ROOT"] = root;
    process.env["POLDER_LAB_COMPUTES"] = "1";
  });

  afterAll(async () => {
    await end();
    rmSync(folder, { recursive: true, force: true });
  }, minutes);

  it("refuses a range that is taken, and leaves nothing", async () => {
    process.env["POLDER_LAB_NET"] = "127.0.0.0/30";
    try {
      await expect(start()).rejects.toThrow(/127\.0\.0\.0\/30 is taken by link lo of this machine/);
    } finally {
      delete process.env["POLDER_LAB_NET"];
    }
    expect(traces()).toEqual([]);
  });

  it("is down without a trace after `up` was killed half way, while others were kept out", async () => {
    const { child, output } = upElsewhere();
    const ended = new Promise((resolve) => child.on("exit", resolve));
    expect(await until(() => output().includes("tables of the services …"), 60)).toBe(true);
    await expect(start()).rejects.toThrow(`(process ${child.pid}): wait for it or stop it`);
    child.kill("SIGKILL");
    await ended;
    expect((await status({ folder })).state).toBe("broken");
    await end();
    expect(traces()).toEqual([]);
    expect((await status({ folder })).state).toBe("down");
  });

  it("is down without a trace after an interrupt half way", async () => {
    const stopper = new AbortController();
    lines = [];
    const interrupted = start(stopper.signal);
    interrupted.catch(() => undefined);
    expect(await until(() => lines.some((line) => line.startsWith("tables")), 60)).toBe(true);
    stopper.abort();
    await expect(interrupted).rejects.toThrow(LabInterrupted);
    expect(traces()).toEqual([]);
    expect((await status({ folder })).state).toBe("down");
  });

  it("goes on from there, and is then quick", async () => {
    const first = await start();
    expect(first.state).toBe("up");
    expect(first.projects).toEqual(["alfa", "beta"]);
    expect(first.services.every(({ alive, pid }) => alive && pid)).toBe(true);
    expect(first.memoryMiB).toBeGreaterThan(500);
    lines = [];
    expect((await start()).state).toBe("up");
    expect(stepsTaken()).toEqual(["the lab is up", "projects alfa, beta"]);
  });

  it("keeps passwords to root", () => {
    expect(statSync(paths.cloud).mode & 0o777).toBe(0o700);
    expect(statSync(paths.cloudsFile).mode & 0o777).toBe(0o600);
    expect(statSync(paths.passwordsFile).mode & 0o777).toBe(0o600);
    const passwords = readPasswords(paths);
    const secrets = [
      passwords?.admin,
      passwords?.reader,
      ...Object.values(passwords?.projects ?? {}),
    ];
    const commandLines = readdirSync("/proc")
      .filter((pid) => /^\d+$/.test(pid))
      .map((pid) => readIfThere(`/proc/${pid}/cmdline`) ?? "");
    for (const secret of secrets) {
      expect(secret).toMatch(/^[\w-]{32}$/);
      expect(commandLines.filter((line) => line.includes(secret ?? ""))).toEqual([]);
    }
  });

  it("has no way out of its namespace", () => {
    const pid = String(running(paths)?.pid);
    const inside = (...command: string[]) =>
      execFileSync("nsenter", ["-t", pid, "-n", "-m", ...command], { encoding: "utf8" });
    expect(inside("ip", "route")).not.toContain("default");
    expect(inside("cat", "/proc/sys/net/ipv4/ip_forward").trim()).toBe("0");
    expect(inside("cat", "/proc/sys/net/ipv6/conf/all/forwarding").trim()).toBe("0");
  });

  describe("a plain member", () => {
    let alfa: Api;
    let beta: Api;
    const names = (objects: readonly Json[]) =>
      objects.map((object) => text(object, "name")).sort();
    const make = async (api: Api, kind: string, body: Json) =>
      (await api.ask("network", "POST", `/v2.0/${kind}s`, { [kind]: body }))[kind] as Json;

    beforeAll(async () => {
      [alfa, beta] = await Promise.all([login("alfa"), login("beta")]);
    });

    it("sees flavors, the image, and the provider's networks", async () => {
      expect(names(await alfa.list("compute", "/flavors", "flavors"))).toEqual([
        "lab.2xlarge",
        "lab.large",
        "lab.medium",
        "lab.small",
        "lab.xlarge",
      ]);
      const [image] = await alfa.list("image", "/v2/images", "images");
      expect(image).toMatchObject({ name: "debian-13", "polder:placeholder": "true" });
      expect(names(await alfa.list("network", "/v2.0/networks", "networks"))).toEqual([
        "direct",
        "public",
      ]);
    });

    it("can't make a provider network, a flavor, or choose a floating address", async () => {
      const statusOf = async (...call: Parameters<Api["call"]>) =>
        (await alfa.call(...call)).status;
      const network = { "provider:network_type": "flat", "provider:physical_network": "mine" };
      expect(await statusOf("network", "POST", "/v2.0/networks", { network })).toBe(403);
      const flavor = { name: "mine", vcpus: 1, ram: 1, disk: 1 };
      expect(await statusOf("compute", "POST", "/flavors", { flavor })).toBe(403);
      const [external] = await alfa.list("network", "/v2.0/networks?name=public", "networks");
      const fixed = {
        floating_network_id: text(external, "id"),
        floating_ip_address: "203.0.113.99",
      };
      expect(await statusOf("network", "POST", "/v2.0/floatingips", { floatingip: fixed })).toBe(
        403,
      );
    });

    it("shares no network with another project, and may use the same range", async () => {
      for (const api of [alfa, beta]) {
        const network = await make(api, "network", { name: "inside" });
        await make(api, "subnet", {
          network_id: network["id"],
          ip_version: 4,
          cidr: "10.0.0.0/24",
        });
      }
      expect(names(await alfa.list("network", "/v2.0/networks", "networks"))).toEqual([
        "direct",
        "inside",
        "public",
      ]);
    });

    it("gets both kinds of address on the direct network, and a floating one", async () => {
      const [direct] = await alfa.list("network", "/v2.0/networks?name=direct", "networks");
      const port = await make(alfa, "port", { network_id: direct?.["id"] });
      const addresses = (port["fixed_ips"] as Json[]).map((fixed) => text(fixed, "ip_address"));
      expect(addresses.sort()).toEqual([
        expect.stringMatching(/^198\.51\.100\./),
        expect.stringMatching(/^2001:db8:d1::/),
      ]);
      const [external] = await alfa.list("network", "/v2.0/networks?name=public", "networks");
      const floating = await make(alfa, "floatingip", { floating_network_id: external?.["id"] });
      expect(text(floating, "floating_ip_address")).toMatch(/^203\.0\.113\./);
    });

    it("is stopped by its quota", async () => {
      await make(alfa, "network", { name: "second" });
      const third = await alfa.call("network", "POST", "/v2.0/networks", {
        network: { name: "3" },
      });
      expect(third.status).toBe(409);
      expect(third.text).toContain("Quota exceeded for resources: ['network']");
    });

    it("starts a server with a volume beside it, and a zone", async () => {
      const [flavor] = await beta.list("compute", "/flavors?name=lab.small", "flavors");
      const [image] = await beta.list("image", "/v2/images", "images");
      const [network] = await beta.list("network", "/v2.0/networks?name=inside", "networks");
      const body = {
        name: "one",
        flavorRef: flavor?.["id"],
        imageRef: image?.["id"],
        networks: [{ uuid: network?.["id"] }],
      };
      const made = await beta.ask("compute", "POST", "/servers", { server: body });
      const path = `/servers/${text(made["server"] as Json, "id")}`;
      const server = async () => (await beta.ask("compute", "GET", path))["server"] as Json;
      expect(await until(async () => (await server())["status"] === "ACTIVE", 60)).toBe(true);
      const volume = { name: "disk", size: 1 };
      await beta.ask("volumev3", "POST", `/${beta.projectId}/volumes`, { volume });
      await beta.ask("dns", "POST", "/v2/zones", { name: "lab.example.", email: "a@lab.example" });
    });

    it("can be watched by the reader, who can change nothing", async () => {
      const reader = await login("beta", "lab-reader");
      expect(await reader.list("compute", "/servers", "servers")).toHaveLength(1);
      const refused = await reader.call("network", "POST", "/v2.0/networks", { network: {} });
      expect(refused.status).toBe(403);
    });
  });

  it("says which service ended, and `up` puts it right and keeps the data", async () => {
    const service = (await status({ folder })).services.find(({ name }) => name === "glance");
    process.kill(service?.pid ?? 0, "SIGKILL");
    expect(await until(async () => (await status({ folder })).state === "broken", 5)).toBe(true);
    expect((await status({ folder })).reason).toMatch(/^glance ended \(see .*glance\.log\)/);
    const before = readFileSync(paths.passwordsFile, "utf8");

    // And while it is broken anyway, all of it.
    process.kill(running(paths)?.pid ?? 0, "SIGKILL");
    const reason = async () => (await status({ folder })).reason;
    const ended = async () => (await reason()).startsWith("it ended without `polder lab down`");
    expect(await until(ended, 10)).toBe(true);
    expect((await status({ folder })).state).toBe("broken");

    expect((await start()).state).toBe("up");
    expect(readFileSync(paths.passwordsFile, "utf8")).toBe(before);
    const servers = await (await login("beta")).list("compute", "/servers/detail", "servers");
    expect(servers).toMatchObject([{ name: "one", status: "ACTIVE" }]);
  });

  it("begins with an empty cloud when its data was deleted, by the root that it had", async () => {
    await down({ folder, progress, delete: "data" });
    expect(traces()).toEqual([]);
    const gone = [paths.data, paths.configuration, paths.passwordsFile, paths.cloudsFile];
    expect(gone.filter(existsSync)).toEqual([]);
    expect(rootStamp(root)).toBeDefined();
    // Twice in a row, as a person who isn't sure does.
    await down({ folder, progress, delete: "data" });
    expect((await start()).state).toBe("up");
    expect(await (await login("beta")).list("compute", "/servers", "servers")).toEqual([]);
  });

  it("is gone after a purge", async () => {
    await down({ folder, progress, delete: "all" });
    expect(traces()).toEqual([]);
    expect(existsSync(folder)).toBe(false);
    expect(rootStamp(root)).toBeDefined();
  });
});
