import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { badInput } from "../common/input/index.ts";
import { POLICY_RULE_IDS } from "../planning/instance/index.ts";
import { shown } from "./shown.ts";

/** Folder beside the instance file with the organisation's own rules, one a file. */
export const RULES_FOLDER = "rules";

const ID = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;

/** Names of an instance's own rules: those of their files. Runs none of them. */
export function ownRuleIds(folder: string): string[] {
  const polders: readonly string[] = POLICY_RULE_IDS;
  const rules = join(folder, RULES_FOLDER);
  if (!existsSync(rules)) return [];
  const refuse = (file: string, message: string): never => {
    throw badInput(shown(join(rules, file)), message);
  };
  return readdirSync(rules)
    .sort()
    .filter((file) => !file.startsWith("."))
    .map((file) => {
      const id = file.replace(/\.ts$/, "");
      if (id === file || !ID.test(id))
        refuse(
          file,
          "a rule's file is called like its id: small letters, digits and hyphens, then .ts",
        );
      if (polders.includes(id))
        refuse(
          file,
          `polder has a rule "${id}": a rule of your own adds to these, take another id`,
        );
      return id;
    });
}
