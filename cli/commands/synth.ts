import { Command } from "commander";

/** `polder synth`: the app of cdktf.json. */
export function synthCommand(): Command {
  return new Command("synth")
    .addHelpText(
      "after",
      `
Called by cdktf, as the app of cdktf.json; \`polder plan\` needs no call of it.
  POLDER_INSTANCE  the one instance to write, its name or path; by default all
  CDKTF_OUTDIR     where to; by default cdktf.out`,
    )
    .action(async () => {
      await import("../../stacks/main.ts");
    });
}
