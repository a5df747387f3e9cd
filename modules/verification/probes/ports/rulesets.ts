/** Sets that the rules themselves fill, such as the addresses that opened a connection of late. */
const FILLED_BY_RULES = /^(\t*set \S+ \{\n(?:\t+(?!elements)[^\n]*\n)*)\t+elements = \{[^}]*\}\n/gm;

/** A ruleset as nft prints it, without what its own rules put into it. */
const asWritten = (ruleset: string): string =>
  ruleset.replace(FILLED_BY_RULES, (all, head: string) =>
    /\tflags [a-z,]*dynamic/.test(head) ? head : all,
  );

export interface Differences {
  readonly missing: readonly string[];
  readonly extra: readonly string[];
}

/**
 * What tells a loaded ruleset from the planned one, line by line; undefined when nothing does.
 *
 * @param planned printed by nft after it loaded the rendered file elsewhere
 */
export function differences(planned: string, loaded: string): Differences | undefined {
  const [should, is] = [planned, loaded].map((text) => asWritten(text).trim()) as [string, string];
  if (should === is) return undefined;
  const lines = (text: string) => new Set(text.split("\n").map((line) => line.trim()));
  const [wanted, found] = [lines(should), lines(is)];
  return {
    missing: [...wanted].filter((line) => !found.has(line)),
    extra: [...found].filter((line) => !wanted.has(line)),
  };
}
