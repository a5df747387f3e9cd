/** What a string in Terraform's JSON means, as far as that is clear without evaluating it. */
export interface Template {
  /** The insides of its `${…}` parts. */
  readonly expressions: readonly string[];
  /** The whole string is one `${…}`, so its value may have any type. */
  readonly whole: boolean;
  /** A `${` is never closed: usually a string that was cut. */
  readonly broken: boolean;
}

/** Splits a string of Terraform's JSON into its `${…}` parts. `$${` is a literal `${`. */
export function parseTemplate(text: string): Template {
  const expressions: string[] = [];
  let broken = false;
  let whole = false;
  let at = 0;
  while (at < text.length) {
    if (text.startsWith("$${", at) || text.startsWith("%%{", at)) {
      at += 3;
    } else if (text.startsWith("${", at) || text.startsWith("%{", at)) {
      const end = closingBrace(text, at + 2);
      if (end === -1) {
        broken = true;
        break;
      }
      expressions.push(text.slice(at + 2, end));
      whole = at === 0 && end === text.length - 1 && text.startsWith("$");
      at = end + 1;
    } else {
      at += 1;
    }
  }
  return { expressions, whole, broken };
}

/** The index of the `}` that closes an expression, minding braces and strings inside it; -1 if none. */
function closingBrace(text: string, start: number): number {
  // One entry for each open context: "}" inside an expression, '"' inside a string of it.
  const open = ["}"];
  for (let at = start; at < text.length; at++) {
    const letter = text[at];
    if (open.at(-1) === '"') {
      if (letter === "\\") at += 1;
      else if (letter === '"') open.pop();
      else if (text.startsWith("$${", at)) at += 2;
      else if (text.startsWith("${", at)) {
        open.push("}");
        at += 1;
      }
    } else if (letter === '"') open.push('"');
    else if (letter === "{") open.push("}");
    else if (letter === "}") {
      open.pop();
      if (open.length === 0) return at;
    }
  }
  return -1;
}
