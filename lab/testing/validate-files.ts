import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { bytesOf, type HostFile } from "../../modules/hosts/configuration/index.ts";
import type { Validator } from "./validators.ts";

/** What one program reported of its files. */
export interface Validated {
  readonly validator: string;
  readonly accepted: boolean;
  readonly output: string;
}

export const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

/** Runs inside: rights as on the host, then all validators at once; each one's output between marks. */
function script(files: readonly HostFile[], validators: readonly Validator[]): string {
  // Files of the same rights in one go: two processes for each file took longer than most validators.
  const byRights = new Map<string, string[]>();
  for (const { path, owner, group, mode } of files) {
    const command = `chown ${owner}:${group} "$@" && chmod ${mode} "$@" || exit 99`;
    byRights.set(command, [...(byRights.get(command) ?? []), quoted(path)]);
  }
  const rights = [...byRights].map(([command, paths]) => `set -- ${paths.join(" ")}\n${command}`);
  const asked = validators.map((validator, i) => {
    const read = files.map(({ path }) => path).filter((path) => validator.reads.test(path));
    const run = `FILES=${quoted(read.join(" "))} timeout ${validator.seconds ?? 60} sh -c ${quoted(validator.command)}`;
    return `{ ${run}; printf '\\037%s' $?; } </dev/null >/validate/${i} 2>&1 &`;
  });
  const outputs = validators.map(
    ({ id }, i) => `printf '\\036%s\\037' ${quoted(id)}; cat /validate/${i}`,
  );
  return ["export LC_ALL=C.UTF-8", ...rights, ...asked, "wait", ...outputs, ""].join("\n");
}

function verdicts(output: string, validators: readonly Validator[]): Validated[] {
  const outputsById = new Map(
    output
      .split("\u001e")
      .slice(1)
      .map((part) => part.split("\u001f"))
      .map(([id = "", text = "", code = ""]) => [id, { text: text.trim(), code }]),
  );
  return validators.map(({ id, refuses }) => {
    const { text, code } = outputsById.get(id) ?? { text: `never asked: ${output}`, code: "" };
    const accepted = code === "0" && !(refuses?.test(text) ?? false);
    return { validator: id, accepted, output: text };
  });
}

/**
 * Puts files into a throw-away copy of the root and has each program read its own.
 *
 * @param files whole, without references
 */
export async function validateFiles(
  root: string,
  files: readonly HostFile[],
  validators: readonly Validator[],
): Promise<Validated[]> {
  const asked = validators.filter(({ reads }) => files.some(({ path }) => reads.test(path)));
  const folder = mkdtempSync(join(tmpdir(), "polder-validate-"));
  try {
    for (const file of files) {
      const place = join(folder, "tree", file.path);
      mkdirSync(dirname(place), { recursive: true });
      writeFileSync(place, bytesOf(file));
    }
    mkdirSync(join(folder, "work"));
    writeFileSync(join(folder, "run"), script(files, asked));
    const places = ["work", "tree", "run"].map((name) => join(folder, name));
    const inside = ["sh", join(import.meta.dirname, "validate-files.sh"), root, ...places];
    const kinds = ["--mount", "--propagation", "private", "--pid", "--net", "--ipc", "--uts"];
    const child = spawn("unshare", [...kinds, "--fork", "--kill-child=KILL", ...inside], {
      stdio: ["ignore", "pipe", "pipe"],
      env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin" },
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding("utf8").on("data", (text: string) => {
        output += text;
      });
    await new Promise((resolve) => child.on("close", resolve));
    return verdicts(output, asked);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
