import { describe, expect, it } from "vitest";
import { cluster } from "../testing/cluster.ts";
import { CLUSTER_FAULTS, openInCloud } from "../testing/cluster-faults.ts";
import { red } from "../testing/findings.ts";

/** Plants each fault alone: its probes see it, and no other does. */
export function plantedFaultTests(): void {
  describe("a fault that is planted turns exactly its probes red", () => {
    it.each(CLUSTER_FAULTS.map((fault) => [fault.what, fault] as const))("%s", async (_, fault) => {
      const { host, script, looked, undo } = fault;
      const shut =
        fault.openInCloud === undefined
          ? undefined
          : await openInCloud(cluster.instance.load().blueprint, host, fault.openInCloud);
      await cluster.on(host, script);
      try {
        const ids = (await cluster.probe(looked.join(","))).findings
          .filter(({ verdict }) => verdict === "fail")
          .map(({ id, subject }) => `${id} ${subject.split(" ")[0]}`);
        expect([...new Set(ids)].sort()).toEqual(fault.red.map((id) => `${id} ${host}`).sort());
      } finally {
        await shut?.();
        if (undo) await cluster.on(host, undo);
        await cluster.converge("--limit", host);
      }
    });

    it("and all is put right again", async () => {
      expect(red((await cluster.probe("all")).findings)).toEqual([]);
    });
  });
}
