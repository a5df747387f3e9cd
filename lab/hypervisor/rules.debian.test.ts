import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { describe, it } from "vitest";
import { edgeTable } from "./edge.ts";
import type { GroupRule } from "./inventory.ts";
import { any, port } from "./rule-fixtures.ts";
import { securityTable } from "./rules.ts";

/** Whether nft itself takes a text; it only looks. */
function accepted(text: string): true {
  execFileSync("unshare", ["--net", "nft", "--check", "--file", "-"], {
    input: text,
    stdio: "pipe",
  });
  return true;
}

describe("the tables of the fabric", () => {
  it("are text that nft takes, whatever neutron allows", () => {
    const prefix = fc.tuple(fc.ipV4(), fc.integer({ min: 1, max: 32 })).map((all) => all.join("/"));
    const rule = fc.record({
      direction: fc.constantFrom("ingress", "egress"),
      version: fc.constant(4),
      protocol: fc.constantFrom(undefined, "tcp", "udp", "icmp", "sctp", "gre", "vrrp", "50"),
      remotePrefix: fc.option(prefix, { nil: undefined }),
      remoteGroup: fc.constantFrom(undefined, "g", "other"),
      ports: fc.tuple(fc.integer({ min: 1, max: 255 }), fc.integer({ min: 0, max: 255 })),
    });
    fc.assert(
      fc.property(fc.array(rule, { maxLength: 8 }), (rules) => {
        const made = rules.map(({ ports, ...rest }) => {
          const numbered = ["tcp", "udp", "sctp", "icmp"].includes(rest.protocol ?? "");
          const [low, high] = [Math.min(...ports), Math.max(...ports)];
          const range =
            rest.protocol === "icmp"
              ? { min: ports[0], max: ports[1] }
              : { min: low || 1, max: high };
          return { ...any, ...rest, ...(numbered && range) } as GroupRule;
        });
        const ports = [port(1), port(2, { groups: ["g", "none"] }), port(3, { secured: false })];
        return accepted(securityTable(ports, [...ports, port(4)], [{ id: "g", rules: made }]));
      }),
      { numRuns: 40 },
    );
    accepted(edgeTable("198.18.64.1"));
    accepted(securityTable([], [], []));
  });
});
