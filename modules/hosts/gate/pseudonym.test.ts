import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { sumOf } from "../../meetings/issue-log/index.ts";
import { pseudonymOf } from "./pseudonym.ts";

const page = readFileSync(join(import.meta.dirname, "../../../docs/incident.md"), "utf8");

it("leads to the meeting by the program of docs/incident.md, and to no other", () => {
  const program = /```sh\n(python3 - [\s\S]*?)```/.exec(page)?.[1] ?? "";
  const folder = mkdtempSync(join(tmpdir(), "polder-pseudonym-"));
  try {
    const key = "5a".repeat(32);
    const entries = [
      { kind: "key", key: "" },
      { kind: "token", id: "first", room: sumOf("a room") },
      { kind: "token", id: "second", room: sumOf("another") },
      { kind: "room-revoked", room: sumOf("another"), until: 1 },
    ];
    writeFileSync(join(folder, "key"), `${key}\n`);
    writeFileSync(
      join(folder, "issued.jsonl"),
      entries.map((entry) => `${JSON.stringify({ entry })}\n`).join(""),
    );
    const command = program
      .replace("/dev/shm/pseudonym.key", "key")
      .replace("PSEUDONYM", pseudonymOf(key, "another"));
    const { stdout, stderr } = spawnSync("sh", ["-c", command], { cwd: folder, encoding: "utf8" });
    expect(stderr).toBe("");
    expect(JSON.parse(stdout)).toEqual(entries[2]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
