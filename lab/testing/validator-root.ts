import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { transportSettings } from "../cloud/apt.ts";
import { run } from "../cloud/command.ts";
import { defaultFolder } from "../cloud/index.ts";
import { sources } from "../cloud/root.ts";

const script = join(import.meta.dirname, "validator-root.sh");

/** The root's folder, made when it isn't there: half a minute, once for each recipe. */
export async function validatorRoot(): Promise<string> {
  const folder = join(defaultFolder(), "judge");
  const recipe = createHash("sha256").update(readFileSync(script)).digest("hex").slice(0, 16);
  const target = join(folder, recipe);
  if (existsSync(target)) return target;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const own = (name: string): string => join(folder, `${process.pid}-${name}`);
  const [list, conf] = [own("apt.list"), own("apt.conf")];
  const secret = { mode: 0o600 };
  writeFileSync(list, `${sources().join("\n")}\n`, secret);
  const settings = transportSettings(await run("apt-config", ["dump"]));
  writeFileSync(conf, `${settings.join("\n")}\n`, secret);
  const namespaces = ["--mount", "--propagation", "private", "--pid", "--fork", "--mount-proc"];
  const building = join(folder, "building");
  try {
    // Suites that run side by side want it at once: the first makes it, the others wait.
    await run("flock", [
      join(folder, "lock"),
      "unshare",
      ...namespaces,
      "--kill-child=KILL",
      "bash",
      script,
      target,
      building,
      list,
      conf,
    ]);
  } finally {
    for (const file of [list, conf]) rmSync(file, { force: true });
  }
  return target;
}
