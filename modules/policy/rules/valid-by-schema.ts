import { checkAgainstSchema } from "../../clouds/provider-schema/index.ts";
import { defineRule, fail, failsOr } from "../rule.ts";

export const validBySchema = defineRule({
  id: "valid-by-schema",
  level: "error",
  what: "every name, block, type and reference is one that the provider's schema knows",
  why: "A misspelt argument protects nothing, and would be found only with a cloud at hand.",
  looksAt: "stacks",
  check: (input) =>
    [...input.stacks].flatMap(([stack, json]) =>
      failsOr(
        checkAgainstSchema(json, input.schema).map(({ address, path, message }) =>
          fail(
            address === "" ? stack : `${stack}/${address}`,
            path === "" ? message : `${path}: ${message}`,
          ),
        ),
        stack,
        "fits the provider's schema",
      ),
    ),
});
