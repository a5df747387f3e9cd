import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { dump } from "js-yaml";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { composition } from "../../../cli/composition.ts";
import { endpointProblem } from "../../clouds/cloud/index.ts";
import { cloudOf } from "../../clouds/known-clouds/index.ts";
import { credentials } from "../../clouds/openstack-api/credentials.ts";
import { BadInput } from "../../common/input/index.ts";
import { testbedDown } from "../../common/testbed/testing.ts";
import { buildFolder, TOOLKIT } from "../../common/toolkit/index.ts";
import { FACTS, fact, record } from "../../planning/residency/testing.ts";
import { instanceFolder, type LoadedInstance, loadInstance } from "../../workspace/index.ts";
import { refuseMove, refuseResidency, refuseVanished } from "./before-plan.ts";
import { planInstance } from "./plan.ts";

const parent = mkdtempSync(join(tmpdir(), "polder-before-plan-"));
const LAB = readFileSync(join(TOOLKIT, "instances/lab/instance.yaml"), "utf8");
const lab = loadInstance(instanceFolder(TOOLKIT, "lab"));
const AS_OF = "2026-11-24";
const DEPLOY = { timeoutMinutes: 1, asOf: AS_OF, testbed: testbedDown, ...composition };

let flavours: object[] = [];
let elsewhere = false;
const stub = createServer((request, response) => {
  response.writeHead(200, { "content-type": "application/json", "x-subject-token": "t" });
  const url = elsewhere ? "https://cloud.example/compute" : `http://${request.headers.host}/c`;
  const catalog = [{ type: "compute", endpoints: [{ interface: "public", url }] }];
  const token = { project: { id: "p" }, catalog };
  response.end(JSON.stringify(request.url?.includes("tokens") ? { token } : { flavors: flavours }));
});
const cloudsAt = (url: string) => {
  const file = join(parent, "clouds.yaml");
  writeFileSync(
    file,
    `clouds: { lab: &x { auth: { auth_url: "${url}", username: u } }, t-verhuisd: *x }\n`,
  );
  vi.stubEnv("OS_CLIENT_CONFIG_FILE", file);
};
let base = "";
beforeAll(async () => {
  await new Promise<void>((resolve) => stub.listen(0, "127.0.0.1", resolve));
  base = `http://127.0.0.1:${(stub.address() as AddressInfo).port}/v3`;
});
afterEach(() => {
  vi.unstubAllEnvs();
  elsewhere = false;
});
afterAll(() => {
  stub.close();
  stub.closeAllConnections();
  rmSync(parent, { recursive: true });
});

const message = (work: () => unknown): string => {
  try {
    work();
    return "accepted";
  } catch (error) {
    if (!(error instanceof BadInput)) throw error;
    return error.message;
  }
};
const later = async (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => "accepted",
    (error: unknown) => {
      if (!(error instanceof BadInput)) throw error;
      return error.message;
    },
  );

let count = 0;
/** An instance at a made-up Dutch location that is recorded beside it. */
function own(facts: object = {}, profile = "eea", waivers = ""): LoadedInstance {
  const folder = join(parent, `${++count}`, "lab");
  mkdirSync(folder, { recursive: true });
  const text = LAB.replace("residency: lab", `residency: ${profile}`)
    .replace("location: lab-floating", "location: voorbeeld-1")
    .replace("source: instance-ca", "source: file")
    .replace("http://198.18.64.1:18000/", "https://alarm.example/");
  writeFileSync(join(folder, "instance.yaml"), text + waivers);
  writeFileSync(join(folder, "location.yaml"), dump(record(facts)));
  return loadInstance(folder);
}

describe("residency on the day of the plan", () => {
  const stale = { site: { country: fact("NL", "confirmed", "2025-01-01") } };

  test("lets pass what is within its term", () => {
    expect(message(() => refuseResidency(own(), AS_OF))).toBe("accepted");
    expect(message(() => refuseResidency(lab, "2040-01-01"))).toBe("accepted");
  });

  test("names a stale fact at its place in the record, the rule and the way out", () => {
    expect(message(() => refuseResidency(own(stale), AS_OF))).toMatch(
      /\/location\.yaml:\d+:\d+: site\.country: stale: read on 2025-01-01, which counted until 2026-01-01; .* \(rule residency-fresh\); the way out is .* \(waives: residency\.site\.country\)$/,
    );
  });

  test("lets a waiver cover it, until its last day", () => {
    const waivers =
      "waivers:\n  - { waives: residency.site.country, reason: The letter., owner: Sam, expires: 2026-12-01 }\n";
    const loaded = own(stale, "eea", waivers);
    expect(message(() => refuseResidency(loaded, "2026-12-01"))).toBe("accepted");
    expect(message(() => refuseResidency(loaded, "2026-12-02"))).toMatch(/site\.country: stale/);
  });

  test.each<[string, object, RegExp]>([
    [
      "a fact of the future",
      { dnssec: fact(true, "confirmed", "2027-01-01") },
      /location\.yaml:\d+:\d+: dnssec: read on 2027-01-01, which is in the future .*no waiver makes a profile pass/,
    ],
    [
      "a certificate past its end",
      { certificates: fact([{ name: "ISO 27001", until: "2026-11-01" }]) },
      /location\.yaml:\d+:\d+: certificates: ISO 27001 ended on 2026-11-01: .*\(rule residency-fresh\)/,
    ],
  ])("refuses %s", (_, facts, says) => {
    expect(message(() => refuseResidency(own(facts), AS_OF))).toMatch(says);
  });

  test("comes before anything else that a plan does", async () => {
    const options = { ...DEPLOY, progress: () => {} };
    // No cloud answers and no Terraform runs: it doesn't come that far.
    expect(await later(planInstance(own(stale), options))).toMatch(/site\.country: stale/);
  });
});

describe("a running instance doesn't move", () => {
  test("its state says where it was made", () => {
    expect(message(() => refuseMove(lab, "openstack/lab-floating"))).toBe("accepted");
    expect(message(() => refuseMove(lab, undefined))).toBe("accepted");
    expect(message(() => refuseMove(own(), "openstack/leafcloud-amsterdam"))).toMatch(
      /instance\.yaml:\d+:\d+: location: the file says openstack\/voorbeeld-1, the state holds what was made at openstack\/leafcloud-amsterdam: a running instance doesn't move\. Write leafcloud-amsterdam again, or `polder decommission lab` it there and plan anew$/,
    );
  });
});

describe("a plan of what was made elsewhere", () => {
  test("ends when Terraform has read the state, before it plans", async () => {
    const folder = join(parent, "t-verhuisd");
    mkdirSync(join(folder, "state"), { recursive: true });
    writeFileSync(join(folder, "instance.yaml"), LAB.replace("name: lab", "name: t-verhuisd"));
    const outputs = { location: { value: "openstack/lab-direct", type: "string" } };
    writeFileSync(
      join(folder, "state/t-verhuisd-addresses.tfstate"),
      JSON.stringify({
        version: 4,
        terraform_version: "1.11.4",
        serial: 1,
        lineage: "5b0ff43c-0000-4000-8000-000000000000",
        outputs,
        resources: [],
      }),
    );
    flavours = ["small", "medium", "large"].map((size) => ({
      name: `lab.${size}`,
      vcpus: 8,
      ram: 16384,
    }));
    cloudsAt(base);
    const lines: string[] = [];
    const options = {
      progress: (line: string) => void lines.push(line),
      ...DEPLOY,
    };
    try {
      expect(await later(planInstance(loadInstance(folder), options))).toMatch(
        /instance\.yaml:\d+:11: location: the file says openstack\/lab-floating, the state holds what was made at openstack\/lab-direct/,
      );
      expect(lines).toEqual(["t-verhuisd-addresses: preparing"]);
    } finally {
      rmSync(buildFolder("t-verhuisd"), { recursive: true, force: true });
    }
  });
});

describe("what the cloud offers", () => {
  const all = [
    { name: "lab.small", vcpus: 1, ram: 1024 },
    { name: "lab.medium", vcpus: 2, ram: 4096 },
    { name: "lab.large", vcpus: 4, ram: 8192 },
  ];
  const answer = async (offered: object[]) => {
    flavours = offered;
    cloudsAt(base);
    return later(refuseVanished(lab, cloudOf(lab.blueprint, testbedDown)));
  };
  const used = [...new Set(lab.blueprint.hosts.map((host) => host.flavour))];

  test("is what the record says", async () => {
    expect(await answer(all)).toBe("accepted");
  });

  test.each(used)("no longer has %s: refused, with who needs it", async (name) => {
    const hosts = lab.blueprint.hosts.filter((host) => host.flavour === name);
    const told = await answer(all.filter((flavour) => flavour.name !== name));
    expect(told).toMatch(
      /lab-floating\.yaml:\d+:\d+: platform\.flavours: the cloud offers no "lab\.\w+"; it has: lab\.\w+, lab\.\w+\. .* it: record today's flavours, or take another location$/,
    );
    for (const host of hosts) expect(told).toContain(host.id);
  });

  test("isn't known while it doesn't answer: Terraform tells that", async () => {
    cloudsAt("http://127.0.0.1:1/v3");
    expect(await later(refuseVanished(lab, cloudOf(lab.blueprint, testbedDown)))).toBe("accepted");
  });

  test("has a smaller one of the same name", async () => {
    const shrunk = all.map((flavour) => ({ ...flavour, ram: 512 }));
    expect(await answer(shrunk)).toMatch(/ has \d vCPU and 512 MiB there, too little for /);
  });
});

describe("profile lab asks no cloud but the lab's", () => {
  test.each([
    ["http://127.0.0.1:5000/v3", undefined, true],
    ["http://localhost:5000/v3", undefined, true],
    ["http://[::1]:5000/v3", undefined, true],
    ["http://198.18.64.2:5000/v3", "198.18.64.2", true],
    ["http://198.18.64.2:5000/v3", undefined, false],
    ["http://198.18.64.3:5000/v3", "198.18.64.2", false],
    ["https://cloud.example/v3", "198.18.64.2", false],
    ["https://127.0.0.1.cloud.example/v3", "198.18.64.2", false],
    ["https://localhost.cloud.example/v3", undefined, false],
  ])("%s with the lab at %s", (url, host, allowed) => {
    expect(endpointProblem(lab.blueprint, url, host) === undefined).toBe(allowed);
  });

  test("whatever clouds.yaml says", async () => {
    cloudsAt("https://cloud.example/v3");
    expect(await later(credentials(lab.blueprint, testbedDown))).toMatch(
      /clouds\.yaml: cloud\.example is neither loopback nor the lab's.*profile lab asks no other cloud/,
    );
  });

  test("whatever the cloud's catalogue says", async () => {
    elsewhere = true;
    cloudsAt(base);
    expect(await later(refuseVanished(lab, cloudOf(lab.blueprint, testbedDown)))).toMatch(
      /^the cloud's catalogue: cloud\.example is neither loopback/,
    );
  });

  test("and a real location's only under the names that its record has", () => {
    const { blueprint } = own({ ...FACTS });
    expect(endpointProblem(blueprint, "https://cloud.example/v3")).toBe(undefined);
    expect(endpointProblem(blueprint, "https://ams.cloud.example:5000/v3")).toBe(undefined);
    for (const url of ["https://notcloud.example/v3", "http://127.0.0.1:5000/v3"])
      expect(endpointProblem(blueprint, url)).toMatch(
        /is none of the names that voorbeeld-1 answers under \(cloud\.example\)/,
      );
  });
});
