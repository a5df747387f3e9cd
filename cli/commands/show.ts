import { Command, Option } from "commander";
import { drawNetwork } from "../../modules/reports/drawing/index.ts";
import { load } from "../load.ts";
import { out, screenWidth } from "../terminal.ts";
import { describe } from "../text/describe.ts";
import { paintFor } from "../text/paint.ts";
import { writeResult } from "../write-result.ts";

interface ShowOptions {
  readonly json?: boolean;
  readonly why?: boolean;
  readonly all?: boolean;
  readonly svg?: string;
}

const EXAMPLES = `
Examples:
  polder show lab                  what will stand there, for a person
  polder show lab --why            with every constraint and its source
  polder show lab --svg lab.svg    the network as a picture (- for standard output)
  polder show lab --json | jq .hosts
  polder show ../eigen/gemeente    an instance by its path
`;

/** `polder show`: the Blueprint, for a person or a machine. */
export function showCommand(): Command {
  return new Command("show")
    .argument("<instance>", "its folder's name or path")
    .addOption(new Option("--json", "print the Blueprint as JSON").conflicts(["svg", "why", "all"]))
    .addOption(
      new Option("--svg <file>", "write the network drawing, - for standard output").conflicts([
        "why",
        "all",
      ]),
    )
    .option("--why", "add every constraint, check and load with its source")
    .option("--all", "print every host, where a long row of alike ones is else shortened")
    .addHelpText("after", EXAMPLES)
    .action((name: string, options: ShowOptions) => {
      const { blueprint, notes } = load(name);
      if (options.json) {
        out(JSON.stringify(blueprint, null, 2));
        return;
      }
      if (options.svg !== undefined) {
        writeResult(drawNetwork(blueprint), options.svg);
        return;
      }
      const { why = false, all = false } = options;
      const paint = paintFor(process.stdout, process.env);
      process.stdout.write(describe(blueprint, { why, all, width: screenWidth(), paint, notes }));
    });
}
