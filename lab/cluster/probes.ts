import { describe, expect, it } from "vitest";
import { cluster } from "../testing/cluster.ts";
import { CLUSTER_FAULTS } from "../testing/cluster-faults.ts";
import { red } from "../testing/findings.ts";

/** Attacks the cluster with a fault on each of its hosts, then as it is: that run shows, too, that all was put right. */
export function probeTests(): void {
  it("has called nobody since it was deployed: the provider's edge counted no packet that a host began", async () => {
    expect(await cluster.calls()).toEqual(cluster.callsBefore);
  });

  it("sees a fault on a host of each role at once", async () => {
    const plain = CLUSTER_FAULTS.filter(({ openInCloud }) => openInCloud === undefined);
    const faults = plain.filter(({ host }, i) => plain.findIndex((one) => one.host === host) === i);
    const roles = new Set(cluster.hosts.map((id) => id.replace(/-\d+$/, "")));
    expect(new Set(faults.map(({ host }) => host.replace(/-\d+$/, "")))).toEqual(roles);
    await Promise.all(faults.map(({ host, script }) => cluster.on(host, script)));
    try {
      // That each fails its own probes alone, of all that look near it, is nights.soak.test.ts's.
      const probes = [...new Set(faults.flatMap((fault) => fault.red))];
      const ids = (await cluster.probe(probes.join(","))).findings
        .filter(({ verdict }) => verdict === "fail")
        .map(({ id, subject }) => `${id} ${subject.split(" ")[0]}`);
      const planted = faults.flatMap((fault) => fault.red.map((id) => `${id} ${fault.host}`));
      expect(ids).toEqual(expect.arrayContaining(planted));
    } finally {
      await Promise.all(faults.map(({ host, undo = "true" }) => cluster.on(host, undo)));
      await cluster.converge();
    }
  });

  describe("a cluster as it was rendered", () => {
    it("withstands every probe, calls nobody meanwhile, and all faults are put right", async () => {
      const called = await cluster.calls();
      const { findings, code } = await cluster.probe("all");
      expect(red(findings)).toEqual([]);
      expect(code).toBe(0);
      expect(findings.length).toBeGreaterThan(100);
      expect(await cluster.calls()).toEqual(called);
    });
  });
}
