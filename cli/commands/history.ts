import { join } from "node:path";
import { Argument, Command } from "commander";
import { BadInput, badInput } from "../../modules/common/input/index.ts";
import { historyFolder, readHistory } from "../../modules/operations/history/index.ts";
import { shown } from "../../modules/workspace/index.ts";
import { FindingsFound } from "../exit.ts";
import { load } from "../load.ts";
import { out, screenWidth } from "../terminal.ts";
import { historyRow } from "../text/history.ts";
import { paintFor } from "../text/paint.ts";
import { table } from "../text/table.ts";

const HELP = `
Lists each plan, approval, apply, converge and probe of an instance, who did it, when, and with which polder. It checks
each line and each file, and names every one that was changed since it was written (exit code 1).
  polder history lab
  polder history lab 12     the files of line 12
The lines are in history/log.jsonl of the instance's folder, the files in history/files, each named by its SHA-256.
docs/history.md tells how to look at them without polder.`;

/** `polder history`: what happened to an instance, and whether that is still as it was written. */
export function historyCommand(): Command {
  return new Command("history")
    .argument("<instance>", "its folder's name or path")
    .addArgument(new Argument("[line]", "a line's number: shows its files").argParser(Number))
    .option("--json", "as JSON: the lines, and what is wrong")
    .addHelpText("after", HELP)
    .action((name: string, number: number | undefined, options: { json?: boolean }) => {
      const loaded = load(name, { ending: true });
      const { lines, problems, head } = readHistory(loaded);
      const chosen = lines.filter((line) => number === undefined || line.number === number);
      if (number !== undefined && chosen.length === 0)
        throw badInput("polder history", `no line ${number}; there are 1 to ${lines.length}`);
      if (options.json) out(JSON.stringify({ lines: chosen, head, problems }, null, 2));
      else if (lines.length === 0 && problems.length === 0)
        out(`${name}: nothing happened yet; \`polder plan\` writes the first line`);
      else {
        const look = {
          width: screenWidth(),
          title: paintFor(process.stdout, process.env).bold,
        };
        const columns = ["line", "when", "who", "polder", "what…"];
        for (const row of table(columns, chosen.map(historyRow), look)) out(row);
        if (number !== undefined)
          for (const [file, sum] of Object.entries(chosen[0]?.files ?? {}))
            out(`  ${file}: ${shown(join(historyFolder(loaded.folder), "files", sum))}`);
        else out(`${lines.length} lines, the last has SHA-256 ${head}`);
      }
      if (problems.length > 0)
        throw new FindingsFound(
          `${new BadInput(problems).message}\n${problems.length} places aren't as they were written: docs/history.md`,
        );
    });
}
