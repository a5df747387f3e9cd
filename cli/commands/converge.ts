import { Command } from "commander";
import { ExternalFailure } from "../../modules/common/external-failure/index.ts";
import {
  convergeInstance,
  type HostResult,
  restartAtOnce,
  restartCost,
} from "../../modules/operations/converge/index.ts";
import type { LoadedInstance } from "../../modules/workspace/index.ts";
import { FindingsFound } from "../exit.ts";
import { load } from "../load.ts";
import { note, out } from "../terminal.ts";
import { standIns, testbed } from "../testbed.ts";
import { type WhoOptions, withWho } from "../who-options.ts";

interface Options extends WhoOptions {
  readonly limit?: string[];
  readonly check?: boolean;
  readonly restart?: boolean;
}

/** How the hosts came out, a line each. @param began when the command began, by `performance.now()` */
export function printHosts(
  { blueprint }: Pick<LoadedInstance, "blueprint">,
  results: readonly HostResult[],
  began: number,
): void {
  for (const { host, outcome, lines, left, lacks, pending } of results) {
    out(`${host}: ${outcome}`);
    for (const line of [...lines, ...left]) out(`  ${line}`);
    for (const name of lacks) out(`  lacks: ${name}, a security update that isn't in the folder`);
    for (const unit of pending)
      out(
        `  pending: ${unit} runs with older files; with --restart ${restartCost(unit, blueprint)}`,
      );
  }
  const count = (outcome: HostResult["outcome"]) =>
    results.filter((result) => result.outcome === outcome).length;
  const counts = (["unchanged", "changed", "differs", "failed"] as const)
    .filter((outcome) => count(outcome) > 0)
    .map((outcome) => `${count(outcome)} ${outcome}`);
  const tasks = results.reduce((sum, result) => sum + result.tasks, 0);
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  out(`${results.length} hosts: ${counts.join(", ")}; ${tasks} tasks, ${seconds} s`);
}

/** What to do about hosts that aren't as rendered: converge puts right what is its own, and no more. */
function advice(name: string, differs: readonly HostResult[], check: boolean): string {
  const hosts = differs.map(({ host }) => host).join(", ");
  const todo = [
    ...(check && differs.some(({ lines }) => lines.length > 0)
      ? [`\`polder converge ${name}\` puts right what was rendered`]
      : []),
    ...(differs.some(({ left }) => left.length > 0)
      ? [
          "what is named `beyond` or `still` is left to you: find out who put it there, then remove it",
        ]
      : []),
    ...(differs.some(({ lacks }) => lacks.length > 0)
      ? [
          `\`polder mirror\` fills the folder again; \`--with NAME\` adds packages of the image's own`,
        ]
      : []),
  ];
  return `${hosts}: not as rendered; ${todo.join("; ")}`;
}

/** `polder converge`: brings the hosts to their rendered configuration. */
export function convergeCommand(): Command {
  return withWho(new Command("converge"))
    .argument("<instance>", "its folder's name or path")
    .option("--limit <hosts...>", "only these, such as control-1 turn-1")
    .option("--check", "only report what would be changed; exit code 1 if anything would be")
    .option(
      "--restart",
      "restart what carries calls, too, where its files ask for that: one host after the other, Prosody last",
    )
    .addHelpText(
      "after",
      `
Each program checks its new files first. A file that it refuses, or a service that doesn't come up
with them, leaves the old files and the old service. If it is interrupted or fails,
run it again: it goes on.
docs/converge.md tells what lands where.`,
    )
    .action(async (name: string, options: Options) => {
      const began = performance.now();
      const loaded = load(name);
      for (const line of loaded.notes) note(line);
      const results = await convergeInstance(loaded, {
        limit: options.limit ?? [],
        check: options.check ?? false,
        restarts: options.restart ? restartAtOnce : undefined,
        user: options.user,
        identity: options.identity,
        sshIdentity: options.sshIdentity,
        progress: note,
        testbed,
        standIns,
      });
      printHosts(loaded, results, began);
      const failed = results.filter(({ outcome }) => outcome === "failed");
      if (failed.length > 0)
        throw new ExternalFailure(
          `${failed.map(({ host }) => host).join(", ")} failed; the others are done: run it again to go on`,
        );
      const differs = results.filter(({ outcome }) => outcome === "differs");
      if (differs.length > 0)
        throw new FindingsFound(advice(name, differs, options.check === true));
    });
}
