import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { baseFragment } from "../modules/hosts/host/index.ts";
import { buildBlueprint, hostsWith, PORTS } from "../modules/planning/blueprint/index.ts";
import { inputOf, someInstance } from "../modules/planning/blueprint/testing.ts";

// A bridge takes the first way that works. Its packet filter lets a way by a relay wait, so that this is a direct one
// where there is one. Here the kernel and the rendered filter are real, with all addresses in one network.

const blueprint = buildBlueprint(inputOf(someInstance()));
const [bridge] = hostsWith(blueprint, "bridge");
const [relay] = hostsWith(blueprint, "turn");
if (!bridge || !relay) throw new Error("no bridge, or no relay");
const PERSON = "192.0.2.7";
/** Datagrams by each way, over 2 s. */
const SENT = 40;
const FILTER =
  baseFragment(blueprint, bridge).files?.find(({ path }) => path === "/etc/nftables.conf")
    ?.content ?? "";

/** Sends a datagram every 50 ms by each way; the bridge answers the way of that name alone. Prints when each was first heard, and how often after that. */
const SEND = `
import json, select, socket, sys, time
bridge, port, answered, *ways = sys.argv[1:]
def bound(address, port=0):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.bind((address, int(port)))
    return s
server = bound(bridge, port)
senders = {way: bound(way.split("/")[0]) for way in ways}
names = {s.getsockname(): way for way, s in senders.items()}
began = time.monotonic()
first, heard, sent = {}, {way: 0 for way in ways}, 0
while sent < ${SENT}:
    for s in senders.values(): s.sendto(b"x", (bridge, int(port)))
    sent += 1
    until = time.monotonic() + 0.05
    while (left := until - time.monotonic()) > 0:
        if not select.select([server], [], [], left)[0]: continue
        data, source = server.recvfrom(64)
        way = names[source]
        first.setdefault(way, (time.monotonic() - began) * 1000)
        heard[way] += 1
        if way == answered: server.sendto(data, source)
print(json.dumps({way: [first.get(way), heard[way]] for way in ways}))
`;

/** When each way was first heard, ms, and how many of its datagrams were. */
function heard(filter: string, answered = ""): Readonly<Record<string, [number, number]>> {
  const addresses = [bridge?.ipv4, relay?.ipv4, PERSON];
  const network = [
    "ip link set lo up",
    ...addresses.map((address) => `ip address add ${address}/32 dev lo`),
    'printf "%s" "$FILTER" | nft -f -',
    'exec python3 -c "$SEND" "$@"',
  ].join(" && ");
  const ways = [`${relay?.ipv4}/1`, `${relay?.ipv4}/2`, PERSON];
  const argv = [`${bridge?.ipv4}`, `${PORTS.media}`, answered, ...ways];
  const printed = execFileSync("unshare", ["--net", "sh", "-c", network, "sh", ...argv], {
    env: { ...process.env, FILTER: filter, SEND },
  });
  return JSON.parse(printed.toString());
}

describe("a way to a bridge", () => {
  const [one, two] = [`${relay.ipv4}/1`, `${relay.ipv4}/2`];

  it("by a relay is heard 0.8 s after its first packet, a direct one at once", () => {
    const { [one]: first, [two]: second, [PERSON]: direct } = heard(FILTER, one);
    expect(direct).toEqual([expect.any(Number), SENT]);
    expect(direct?.[0]).toBeLessThan(750);
    for (const way of [first, second]) {
      expect(way?.[0]).toBeGreaterThanOrEqual(750);
      // It waits once, be it answered or not.
      expect(way?.[1]).toBeGreaterThan(10);
      expect(way?.[1]).toBeLessThan(SENT);
    }
  });

  it("by a relay is heard at once where the filter lacks its line: the planted fault", () => {
    const { [one]: first } = heard(FILTER.replace(/^.*jump relayed$/m, ""));
    expect(first).toEqual([expect.any(Number), SENT]);
    expect(first?.[0]).toBeLessThan(750);
  });
});
