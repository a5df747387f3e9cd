import { Command, Option } from "commander";
import { instanceJsonSchema, overridesJsonSchema } from "../../modules/planning/instance/index.ts";
import { locationJsonSchema } from "../../modules/planning/residency/index.ts";
import { out } from "../terminal.ts";
import { fieldTable } from "../text/fields.ts";

const FILES: Readonly<Record<string, () => unknown>> = {
  instance: instanceJsonSchema,
  location: locationJsonSchema,
  overrides: overridesJsonSchema,
};

const HELP = `
Examples:
  polder schema > instance.schema.json            what instances/instance.schema.json holds
  polder schema --of location > location.schema.json
The first line of a file tells an editor: # yaml-language-server: $schema=./location.schema.json`;

/** `polder schema`: the JSON Schema of a file that people write, such as instance.yaml. */
export function schemaCommand(): Command {
  return new Command("schema")
    .addOption(
      new Option("--of <file>", "which of the files that people write")
        .choices(Object.keys(FILES))
        .default("instance"),
    )
    .option("--markdown", "print the table of fields that docs/instance.md has")
    .addHelpText("after", HELP)
    .action((options: { markdown?: boolean; of: string }) => {
      out(options.markdown ? fieldTable() : JSON.stringify(FILES[options.of]?.(), null, 2));
    });
}
