import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { expect, it } from "vitest";
import { TOOLKIT } from "../modules/common/toolkit/index.ts";

// A host that is attacked chooses what it answers. Here the kernel's packet filter answers for it.

const PROGRAM = join(TOOLKIT, "modules/verification/probes/programs/scan.py");
const FILTER = `table inet t {
  chain input {
    type filter hook input priority 0;
    tcp dport 1 reject with icmp type prot-unreachable
    tcp dport 2 reject with icmp type host-prohibited
    tcp dport 3 reject with icmp type port-unreachable
    tcp dport 4 drop
    tcp dport 5 reject with tcp reset
  }
}
`;

it("a scan of all ports goes on whatever ICMP one host answers", () => {
  const asked = {
    targets: [{ address: "127.0.0.1", ports: [[1, 6]] }],
    limits: { inFlight: 10, timeout: 300 },
  };
  const script = 'ip link set lo up && printf "%s" "$FILTER" | nft -f - && exec python3 "$PROGRAM"';
  const printed = execFileSync("unshare", ["--net", "sh", "-c", script], {
    input: JSON.stringify(asked),
    env: { ...process.env, FILTER, PROGRAM },
  });
  // Refused are the port that ICMP calls unreachable, the one with a reset, and the one that nobody has.
  expect(JSON.parse(printed.toString())).toEqual({
    results: [{ address: "127.0.0.1", open: [], refused: 3, tried: 6 }],
  });
});
