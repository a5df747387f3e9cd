/** The place of a secret in a rendered file: `@@secret:turn/shared-secret@@`. */
export type Reference = `@@secret:${string}@@`;

const NAME = /^[a-z0-9-]+(\/[a-z0-9.-]+)*$/;
const ANY = /@@secret:([a-z0-9./-]+)@@/g;

/**
 * Stands for a secret until converge fills it in, in memory, on its way to the host.
 *
 * @param name the secret's name in the vault, such as `tls/control-1.key`
 */
export function reference(name: string): Reference {
  if (!NAME.test(name)) throw new Error(`no name of a secret: ${name}`);
  return `@@secret:${name}@@`;
}

/** The names of all secrets that a text refers to, each once, in order of appearance. */
export const referencesIn = (text: string): string[] => [
  ...new Set([...text.matchAll(ANY)].map((match) => match[1] as string)),
];
