import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Blueprint } from "../modules/planning/blueprint/index.ts";
import { defaultFolder } from "./cloud/index.ts";
import { awaitRunning, inHost } from "./hypervisor/index.ts";
import { deploy, polder, type TestInstance, testInstance } from "./testing/polder.ts";

let one: TestInstance;
let two: TestInstance;

// Fourteen hosts at once, beside which no other suite's would fit: so it stands alone.
beforeAll(async () => {
  one = testInstance("lab", "t-hosts");
  two = testInstance("lab-tweede", "t-probes");
  await deploy(one);
  await deploy(two);
});

afterAll(async () => {
  for (const instance of [one, two]) {
    await polder([
      "decommission",
      instance.folder,
      "--confirm",
      instance.name,
      "--logs",
      "destroyed",
    ]);
    instance.forget();
  }
});

describe("root on a host of one", () => {
  const folder = defaultFolder();
  /** Tries each target from inside a host; gives those that answered, even by refusing. */
  const CONNECT = `
import concurrent.futures as f, json, socket, sys
def dial(target):
    host, port = target
    try:
        socket.create_connection((host, port), timeout=2).close()
    except ConnectionRefusedError:
        pass
    except OSError:
        return None
    return target
with f.ThreadPoolExecutor(200) as pool:
    print(json.dumps([t for t in pool.map(dial, json.load(sys.stdin)) if t]))
`;
  type Target = readonly [address: string, port: number];
  async function reached(host: string, targets: readonly Target[]): Promise<Target[]> {
    const ran = await inHost(folder, host, ["python3", "-c", CONNECT], JSON.stringify(targets));
    expect([ran.code, ran.stderr]).toEqual([0, ""]);
    return JSON.parse(ran.stdout) as Target[];
  }
  const addressesOf = (blueprint: Blueprint): string[] =>
    blueprint.hosts.flatMap(({ ipv4, ipv6, publicAddress }) =>
      [ipv4, ipv6, publicAddress?.ipv4].filter((address) => address !== undefined),
    );

  test("reaches nothing of the other, whatever it tries", async () => {
    const [een, twee] = [one.load().blueprint, two.load().blueprint];
    const names = [een, twee].flatMap((b) => b.hosts.map((host) => `${b.instance}-${host.id}`));
    await awaitRunning(folder, names, 180);
    const privateAddress = (blueprint: Blueprint, id: string) =>
      blueprint.hosts.find((host) => host.id === id)?.ipv4 ?? "";
    // Both are alive: sshd answers where the flows say so, the package mirror answers both.
    const mirror: Target = ["198.18.64.1", 3142];
    for (const blueprint of [een, twee]) {
      const ssh: Target = [privateAddress(blueprint, "control-1"), 22];
      expect(await reached(`${blueprint.instance}-edge-1`, [ssh, mirror])).toEqual([ssh, mirror]);
    }
    const ports = [22, 53, 80, 443, 3478, 5222, 10000, 19532];
    for (const [from, to] of [
      [een, twee],
      [twee, een],
    ] as const) {
      const targets = addressesOf(to).flatMap((address) =>
        ports.map((port): Target => [address, port]),
      );
      const seen = await Promise.all(
        from.hosts.map((host) => reached(`${from.instance}-${host.id}`, targets)),
      );
      expect(seen.flat()).toEqual([]);
    }
  });
});
