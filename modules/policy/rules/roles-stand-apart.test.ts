import { describe, expect, it } from "vitest";
import { example } from "../../../lab/testing/examples.ts";
import { evaluate } from "../engine.ts";
import { AS_OF, asInput, bothWays, type Loose } from "../testing.ts";
import { rolesStandApart } from "./roles-stand-apart.ts";

const host = (p: Loose, id: string) => p.blueprint.hosts.find((one: Loose) => one.id === id);

describe("a cluster", () =>
  bothWays(rolesStandApart, () => example(), [
    [
      "a relay on the monitor",
      (p) => {
        host(p, "monitor-1").roles = ["monitor", "turn"];
        return "monitor-1";
      },
      /^carries monitor, turn, allowed: monitor alone$/,
    ],
    [
      "one bridge alone",
      (p) => {
        p.blueprint.hosts = p.blueprint.hosts.filter((one: Loose) => one.id !== "bridge-2");
        return "shard 1";
      },
      /^1 bridge hosts, at least 2 are needed/,
    ],
    [
      "one relay alone",
      (p) => {
        p.blueprint.hosts = p.blueprint.hosts.filter((one: Loose) => one.id !== "turn-1");
        return "relays";
      },
      /^1 turn hosts, at least 2 are needed/,
    ],
    [
      "a size that the hosts aren't of",
      (p) => {
        p.blueprint.size = "single";
        return p.blueprint.hosts.map((one: Loose) => one.id);
      },
      /^carries [a-z]+, allowed: control, bridge, turn; or monitor, edge$/,
    ],
  ]));

describe("size single", () => {
  bothWays(rolesStandApart, () => example("lab-single"), [
    [
      "the logs on the host that people reach",
      (p) => {
        host(p, "control-1").roles = ["control", "bridge", "turn", "monitor"];
        return "control-1";
      },
      /^carries control, bridge, turn, monitor, allowed: control, bridge, turn; or monitor, edge$/,
    ],
    [
      "a second host like the first",
      (p) => {
        p.blueprint.hosts.push({ ...host(p, "control-1"), id: "control-2" });
        return "hosts";
      },
      /^2 carry control, bridge, turn, allowed: 1$/,
    ],
    [
      "a size that the file doesn't say",
      (p) => {
        p.blueprint.size = "cluster";
        return ["control-1", "monitor-1", "shard 1", "relays"];
      },
      /^(carries control, bridge, turn, allowed: control alone|carries monitor, edge, allowed: monitor alone|0 (bridge|turn) hosts, at least 2 are needed: one of them may fail)$/,
    ],
  ]);

  it("says in its finding what it gives up, and nobody waives that", () => {
    const pack = { name: "one", why: "", rules: [rolesStandApart] };
    const [finding] = evaluate(asInput(example("lab-single")), AS_OF, pack);
    expect(finding).toMatchObject({ verdict: "pass", subject: "lab-single" });
    for (const words of ["no second bridge", "no second relay", "cuts calls off", "becomes root"])
      expect(finding?.message).toContain(words);
    expect(rolesStandApart.waivable).toBe(false);
  });
});
