import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { standIns } from "../../../lab/stand-ins/index.ts";
import { buildFolder, TOOLKIT } from "../../common/toolkit/index.ts";
import type { HostFile } from "../../hosts/configuration/index.ts";
import { renderAll } from "../../hosts/render/index.ts";
import { loadInstance, loadPrograms } from "../../workspace/index.ts";
import { writeConfigurations } from "./configurations.ts";

/** A PNG's beginning, which is no UTF-8, and what would be a secret's place in a text. */
const PICTURE: HostFile = {
  path: "/usr/local/share/polder/web/picture.png",
  content: Buffer.from("\x89PNG\r\n\x1a\n\0\xff@@secret:web/tls.key@@\r", "latin1").toString(
    "base64",
  ),
  binary: true,
  owner: "root",
  group: "root",
  mode: "0644",
};

// Python's own tests of the code that runs on hosts; they read one host's configuration that TypeScript wrote.
it("ansible/tests", () => {
  const { blueprint } = loadInstance(join(TOOLKIT, "instances/lab"));
  const name = "release-test";
  const folder = mkdtempSync(join(tmpdir(), "polder-release-"));
  try {
    const configurations = renderAll(blueprint, loadPrograms(), standIns).map((configuration) => ({
      ...configuration,
      files: [...configuration.files, PICTURE],
    }));
    cpSync(join(writeConfigurations(name, configurations), "turn-1"), folder, { recursive: true });
    const ran = spawnSync(
      join(TOOLKIT, "build/venv/bin/python"),
      ["-m", "unittest", "discover", "-s", join(TOOLKIT, "ansible/tests")],
      {
        encoding: "utf8",
        env: {
          ...process.env,
          POLDER_RENDERED: folder,
          POLDER_PICTURE: PICTURE.content,
          PYTHONDONTWRITEBYTECODE: "1",
        },
      },
    );
    expect(ran.stderr).toMatch(/Ran [4-9]\d tests[\s\S]*OK/);
  } finally {
    rmSync(folder, { recursive: true, force: true });
    rmSync(buildFolder(name), { recursive: true, force: true });
  }
}, 60_000);
