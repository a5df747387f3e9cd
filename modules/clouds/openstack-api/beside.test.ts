// What stands beside an instance in its project. The items are in the shapes of OpenStack's API references (compute 2.79,
// network 2.0, block storage 3, image 2, load balancer 2); no cloud was asked.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { load } from "js-yaml";
import { afterEach, expect, test, vi } from "vitest";
import { TOOLKIT } from "../../common/toolkit/index.ts";
import type { Blueprint } from "../../planning/blueprint/index.ts";
import type { PlanJson } from "../../policy/index.ts";
import { instanceFolder, loadInstance } from "../../workspace/index.ts";
import {
  type BesideKind,
  type BesideListing,
  type Item,
  KINDS,
  type Listing,
  OpenStackApi,
} from "./api.ts";
import { unmanagedIn } from "./unmanaged.ts";

const { blueprint: planned } = loadInstance(instanceFolder(TOOLKIT, "lab"));
const blueprint = {
  ...planned,
  addresses: { state: "allocated" },
  residency: { ...planned.residency, profile: "nl-located" },
} as Blueprint;

/** One thing more in the project, or one of the instance's own that was changed. */
interface Fault {
  readonly fault: string;
  readonly more?: Partial<Record<keyof Listing | BesideKind, Item>>;
  readonly changed?: Partial<Record<keyof Listing, Item>>;
  readonly finds: string;
}
const CORPUS = load(readFileSync(join(import.meta.dirname, "corpus/beside.yaml"), "utf8")) as {
  readonly own: Partial<Record<keyof Listing, Item>>;
  readonly faults: readonly Fault[];
};
const OWN = CORPUS.own;

const plan = (() => {
  const fixed = { port: { fixed_ip: [{ ip_address: "10.0.0.5" }] } };
  const resources = Object.values(OWN).map(({ id }) => ({
    type: "x",
    values: { id, ...(id === "port" && fixed.port) },
  }));
  const json = { prior_state: { values: { root_module: { resources } } }, resource_changes: [] };
  return new Map([["lab", json as unknown as PlanJson]]);
})();

const BESIDE = { snapshots: [], backups: [], images: [], keypairs: [], loadBalancers: [] };

/** Findings of a project with the instance's own things and a fault. */
function findings(
  { more = {}, changed = {} }: Pick<Fault, "more" | "changed"> = {},
  refused: BesideListing["refused"] = [],
) {
  const of = (kind: keyof Listing | BesideKind) => (more[kind] ? [more[kind]] : []);
  const own = (kind: keyof Listing) => (OWN[kind] ? [{ ...OWN[kind], ...changed[kind] }] : []);
  const listing = Object.fromEntries(
    KINDS.map((kind) => [kind, [...own(kind), ...of(kind)]]),
  ) as unknown as Listing;
  const beside = Object.fromEntries(
    Object.keys(BESIDE).map((kind) => [kind, of(kind as BesideKind)]),
  ) as unknown as BesideListing["listing"];
  return unmanagedIn(listing, blueprint, plan, { beside: { listing: beside, refused } }).findings;
}

test("the instance's own things alone are a pass", () => {
  expect(findings()).toMatchObject([{ verdict: "pass" }]);
  expect(findings()[0]).not.toHaveProperty("warns");
});

test.each(CORPUS.faults)("finds $fault", ({ finds, ...fault }) => {
  const found = findings(fault).filter(({ verdict }) => verdict === "fail");
  expect(found).toMatchObject([{ id: "cloud-holds-nothing-else", subject: finds }]);
});

test("says which command undoes it", () => {
  const more = { snapshots: { id: "s", name: "x", volume_id: "volume" } };
  expect(findings({ more })[0]?.message).toContain("(openstack volume snapshot delete s)");
});

test("what doesn't touch the instance is one warning, and none in the lab", () => {
  const [warning, pass] = findings({
    more: {
      servers: { id: "s", name: "build" },
      keypairs: { id: "old", name: "old" },
      snapshots: { id: "n", name: "n", volume_id: "v" },
    },
  });
  expect(warning).toMatchObject({ verdict: "pass", warns: true });
  expect(warning?.message).toMatch(/also holds server build, snapshot n, SSH key old:/);
  expect(pass).toMatchObject({
    verdict: "pass",
    message: expect.stringContaining("nothing of it"),
  });
  const listing = Object.fromEntries(
    KINDS.map((kind) => [kind, kind === "servers" ? [{ id: "s", name: "build" }] : []]),
  ) as unknown as Listing;
  const lab = { ...blueprint, residency: planned.residency };
  expect(unmanagedIn(listing, lab, plan).findings).toHaveLength(1);
});

test("what can't be listed isn't tested, and says why", () => {
  const refused = [{ kind: "loadBalancers", why: "https://lb: HTTP 403 Forbidden" }] as const;
  expect(findings({}, refused)).toMatchObject([
    {
      verdict: "not-tested",
      message: "load balancers can't be listed: https://lb: HTTP 403 Forbidden",
    },
    { verdict: "pass" },
  ]);
});

afterEach(() => vi.unstubAllGlobals());

test("a project is listed page by page, and a list that is refused leaves the others", async () => {
  const asked: string[] = [];
  vi.stubGlobal("fetch", async (url: string) => {
    asked.push(url);
    const answer = (body: unknown, status = 200, headers = {}) =>
      new Response(JSON.stringify(body), { status, headers });
    const { pathname, search } = new URL(url);
    if (pathname === "/v3/auth/tokens") {
      const catalog = ["compute", "volumev3", "image", "load-balancer"].map((type) => ({
        type,
        endpoints: [{ interface: "public", url: `https://${type}.example/` }],
      }));
      return answer({ token: { project: { id: "p" }, catalog } }, 201, { "x-subject-token": "t" });
    }
    if (pathname === "/os-keypairs") return answer({ keypairs: [{ keypair: { name: "old" } }] });
    if (pathname === "/v2/lbaas/loadbalancers") return answer({}, 403);
    if (pathname === "/v2/images")
      return search.includes("marker")
        ? answer({ images: [{ id: "2" }] })
        : answer({ images: [{ id: "1" }], next: "/v2/images?owner=p&marker=1" });
    return answer({ snapshots: [], backups: [] });
  });
  const auth = { auth_url: "https://identity.example/v3", application_credential_id: "a" };
  const api = await OpenStackApi.connect({ auth } as Parameters<typeof OpenStackApi.connect>[0]);
  const { listing, refused } = await api.listBeside();
  expect(listing.images.map(({ id }) => id)).toEqual(["1", "2"]);
  expect(listing.keypairs).toEqual([{ id: "old", name: "old" }]);
  expect(refused).toEqual([{ kind: "loadBalancers", why: expect.stringContaining("HTTP 403") }]);
  expect(asked).toContain("https://volumev3.example/backups/detail");
});
