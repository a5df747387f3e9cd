import { describe, expect, it } from "vitest";
import { startWorker, workerCommand } from "./vantage-point.ts";

describe("a worker", () => {
  it("does what it is asked, tells what failed, and ends", async () => {
    const worker = startWorker("here", workerCommand, () => undefined);
    const [first, second] = await Promise.all([
      worker.ask("tryConnect", { address: "127.0.0.1", port: 1, timeout: 500 }),
      worker.ask("askHttp", { address: "127.0.0.1", port: 1, host: "a", path: "/" }),
    ]);
    expect(first.verdict).toBe("refused");
    expect(second).toMatchObject({ status: 0, failed: "ECONNREFUSED" });
    await expect(worker.ask("askSsh", { address: "127.0.0.1", port: 1 })).rejects.toThrow(
      "ECONNREFUSED",
    );
    await worker.close();
    await expect(worker.ask("arrivals", {})).rejects.toThrow("has ended");
  }, 20_000);

  it("tells why it isn't there", async () => {
    const worker = startWorker("nowhere", ["sh", "-c", "echo no such place >&2; exit 1"], () => {});
    await expect(worker.ask("arrivals", {})).rejects.toThrow(
      "the vantage point nowhere ended: no such place",
    );
  });
});
