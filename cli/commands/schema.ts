import { Command } from "commander";
import { instanceJsonSchema } from "../../modules/instance/index.ts";
import { out } from "../terminal.ts";
import { fieldTable } from "../text/fields.ts";

/** `polder schema`: the JSON Schema of the instance file, as instances/instance.schema.json has it. */
export function schemaCommand(): Command {
  return new Command("schema")
    .description("Print the JSON Schema of the instance file, for editors")
    .option("--markdown", "print the table of fields that docs/instance.md has")
    .action((options: { markdown?: boolean }) => {
      out(options.markdown ? fieldTable() : JSON.stringify(instanceJsonSchema(), null, 2));
    });
}
