import { spawn } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildFolder, TOOLKIT } from "../../modules/common/toolkit/index.ts";
import type { HostConfiguration, HostFile } from "../../modules/hosts/configuration/index.ts";
import { writeConfigurations } from "../../modules/operations/converge/index.ts";
import { quoted } from "./validate-files.ts";

/** What converge's own tasks did on a host that has a folder of packages and no network. */
export interface Brought {
  /** What each task reported, by its phase: `lists`, `choose`, `packages`. */
  readonly reports: readonly { readonly phase: string; readonly lacks?: readonly string[] }[];
  /** Why it failed, one line. */
  readonly failure?: string;
  /** Standard output of the commands that ran on the host afterwards. */
  readonly output: string;
}

export interface HostOptions {
  /** The folder that `polder mirror` filled. */
  readonly folder: string;
  readonly files: readonly HostFile[];
  readonly install: readonly string[];
  /** Shell on the host before converge comes. */
  readonly before?: string;
  /** Shell on the host afterwards. */
  readonly after?: string;
}

const PLAY = [
  {
    hosts: "all",
    gather_facts: false,
    tasks: ["stage", "archive", "packages"].map((part) => ({
      "ansible.builtin.include_role": { name: "release", tasks_from: part },
    })),
  },
];

/** Runs the tasks of ansible/roles/release that bring packages, by the pinned Ansible, on a copy of the root. */
export async function bringPackages(root: string, options: HostOptions): Promise<Brought> {
  const work = mkdtempSync(join(tmpdir(), "polder-packages-"));
  const name = `packages-${process.pid}`;
  try {
    const configuration: HostConfiguration = {
      host: "host-1",
      role: "edge",
      roles: ["edge"],
      packages: { install: options.install, absent: [] },
      unpacked: [],
      files: options.files,
      units: [],
      masked: [],
      checks: [],
    };
    const rendered = writeConfigurations(name, [configuration]);
    const inside = join(work, "inside");
    mkdirSync(inside);
    const at = (file: string, text: string): string => {
      writeFileSync(join(work, file), text);
      return join(work, file);
    };
    const interpreter = at("python3", `#!/bin/sh\nexec chroot ${inside}/host python3 "$@"\n`);
    chmodSync(interpreter, 0o755);
    const vars = {
      ansible_connection: "local",
      ansible_become: false,
      ansible_pipelining: true,
      ansible_python_interpreter: interpreter,
      ansible_remote_tmp: `${inside}/remote`,
      polder_configuration: join(rendered, "host-1"),
      polder_vault: at("vault.yaml", "{}"),
      polder_public: {},
      polder_admins: [],
      polder_archive: { folder: options.folder, digest: "of the test" },
      release_seen: {
        files: ["all"],
        drift: {},
        leftover: false,
        packages: { install: options.install, remove: [] },
      },
    };
    const inventory = at(
      "inventory.yaml",
      JSON.stringify({ all: { vars, hosts: { "host-1": {} } } }),
    );
    const playbook = at("play.yaml", JSON.stringify(PLAY));
    const script = [
      options.before && `chroot ${inside}/host sh -c ${quoted(options.before)}`,
      `cd ${TOOLKIT}/ansible; ANSIBLE_CONFIG=$PWD/ansible.cfg ANSIBLE_HOME=${work} ANSIBLE_LOCAL_TEMP=${work}/local ${TOOLKIT}/build/venv/bin/ansible-playbook -i ${inventory} ${playbook}`,
      "printf '\\036'",
      options.after && `chroot ${inside}/host sh -c ${quoted(options.after)} 2>&1`,
    ].filter(Boolean);
    const command = ["sh", "-c", script.join("\n")];
    const kinds = [
      "--mount",
      "--propagation",
      "private",
      "--pid",
      "--net",
      "--fork",
      "--kill-child=KILL",
    ];
    const program = join(import.meta.dirname, "packages-host.sh");
    const child = spawn("unshare", [...kinds, "sh", program, root, inside, ...command], {
      stdio: ["ignore", "pipe", "pipe"],
      env: {
        PATH: "/usr/sbin:/usr/bin:/sbin:/bin",
        HOME: work,
        LC_ALL: "C.UTF-8",
        DEBIAN_FRONTEND: "noninteractive",
      },
    });
    let text = "";
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding("utf8").on("data", (part: string) => {
        text += part;
      });
    await new Promise((resolve) => child.on("close", resolve));
    const [said = "", output = ""] = text.split("\u001e");
    const events = said.split("\n").flatMap((line) => {
      try {
        return [JSON.parse(line) as Record<string, unknown>];
      } catch {
        return [];
      }
    });
    const failed = events.find(({ event }) => event === "failed" || event === "unreachable");
    if (!events.some(({ event }) => event === "end") && !failed) throw new Error(text);
    return {
      reports: events.flatMap(({ phase, report }) =>
        phase ? [{ phase: String(phase), ...(report as object) }] : [],
      ),
      ...(failed && { failure: String(failed["message"]) }),
      output: output.trim(),
    };
  } finally {
    rmSync(work, { recursive: true, force: true });
    rmSync(buildFolder(name), { recursive: true, force: true });
  }
}
