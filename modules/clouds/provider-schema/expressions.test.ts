// biome-ignore-all lint/suspicious/noTemplateCurlyInString: this is Terraform syntax, in plain strings
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseTemplate } from "./expressions.ts";

describe("parseTemplate", () => {
  const cases: [text: string, expressions: string[], whole: boolean, broken: boolean][] = [
    ["", [], false, false],
    ["text", [], false, false],
    ["${a.b}", ["a.b"], true, false],
    ["${a}-${b}", ["a", "b"], false, false],
    ["${a}${b}", ["a", "b"], false, false],
    ["x${a}", ["a"], false, false],
    ["${a}x", ["a"], false, false],
    ["$${a}", [], false, false],
    ["%%{if}", [], false, false],
    ["$$${a}", [], false, false],
    ["$${${a}", ["a"], false, false],
    ["%{if a}", ["if a"], false, false],
    ["%{if a}x%{endif}", ["if a", "endif"], false, false],
    ['${{ a = "}" }}', ['{ a = "}" }'], true, false],
    ['${f("${g("}")}", {})}', ['f("${g("}")}", {})'], true, false],
    ['${f("\\"}")}', ['f("\\"}")'], true, false],
    ['${f("$${")}', ['f("$${")'], true, false],
    ['${f("{")}', ['f("{")'], true, false],
    ["${a", [], false, true],
    ["${", [], false, true],
    ['${f("}', [], false, true],
    ["${a}${", ["a"], false, true],
    ["${{}", [], false, true],
    ["$", [], false, false],
    ["{}", [], false, false],
  ];
  for (const [text, expressions, whole, broken] of cases) {
    it(text || "nothing", () => {
      expect(parseTemplate(text)).toEqual({ expressions, whole, broken });
    });
  }

  it("a text without a dollar or percent sign has no expressions", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const plain = text.replaceAll(/[$%]/g, "");
        const template = parseTemplate(plain);
        return template.expressions.length === 0 && !template.whole && !template.broken;
      }),
    );
  });
});
