import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { transportSettings } from "../cloud/apt.ts";
import { run } from "../cloud/command.ts";
import { defaultFolder } from "../cloud/index.ts";
import { sources } from "../cloud/root.ts";

const script = join(import.meta.dirname, "judge-root.sh");

/** The root's folder, made when it isn't there: half a minute, once for each recipe. */
export async function judgeRoot(): Promise<string> {
  const folder = join(defaultFolder(), "judge");
  const recipe = createHash("sha256").update(readFileSync(script)).digest("hex").slice(0, 16);
  const target = join(folder, recipe);
  if (existsSync(target)) return target;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  for (const name of readdirSync(folder))
    await run("rm", ["-rf", "--one-file-system", join(folder, name)]);
  const [list, conf] = [join(folder, "apt.list"), join(folder, "apt.conf")];
  const secret = { mode: 0o600 };
  writeFileSync(list, `${sources().join("\n")}\n`, secret);
  const settings = transportSettings(await run("apt-config", ["dump"]));
  writeFileSync(conf, `${settings.join("\n")}\n`, secret);
  const namespaces = ["--mount", "--propagation", "private", "--pid", "--fork", "--mount-proc"];
  const building = join(folder, "building");
  try {
    await run("unshare", [
      ...[...namespaces, "--kill-child=KILL"],
      ...["bash", script, target, building, list, conf],
    ]);
  } finally {
    for (const file of [list, conf]) rmSync(file, { force: true });
    await run("rm", ["-rf", "--one-file-system", building]);
  }
  return target;
}
