/** Emphasis for a terminal; without colour it leaves text as it is. */
export interface Paint {
  readonly bold: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly warn: (text: string) => string;
}

const sgr = (on: number, off: number) => (text: string) => `\u001b[${on}m${text}\u001b[${off}m`;
const same = (text: string): string => text;

/** For files and pipes. */
export const PLAIN: Paint = { bold: same, dim: same, warn: same };

/** Emphasis where a person looks, nothing where a program reads (https://no-color.org). */
export function paintFor(
  stream: { readonly isTTY?: boolean },
  env: { readonly NO_COLOR?: string; readonly TERM?: string },
): Paint {
  const wanted = stream.isTTY === true && !env.NO_COLOR && env.TERM !== "dumb";
  return wanted ? { bold: sgr(1, 22), dim: sgr(2, 22), warn: sgr(33, 39) } : PLAIN;
}
