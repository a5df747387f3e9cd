import { readFileSync } from "node:fs";
import { join } from "node:path";
import { load } from "js-yaml";
import { z } from "zod";

const list = z
  .record(z.string(), z.number().int())
  .transform((names) => new Map(Object.entries(names).map(([name, code]) => [code, name])));

const row = z.object({ source: z.string(), good: list, sufficient: list, phaseOut: list });

const schema = z.object({
  document: z.string(),
  link: z.url(),
  encodedBy: z.string(),
  read: z.coerce.date(),
  versions: row,
  suites13: row,
  suites12: row,
  groups: row,
  signatures: row,
  certificate: z.object({
    source: z.string(),
    rsaBits: z.object({ sufficient: z.number(), phaseOut: z.number() }),
    curves: z.array(z.string()),
    edwards: z.array(z.string()),
    digests: z.array(z.string()),
  }),
  renegotiations: z.object({ source: z.string(), sufficient: z.number() }),
});

export type Row = z.infer<typeof row>;
export type TlsNorm = z.infer<typeof schema>;

/** The dated table that the TLS probes compare with. */
export const loadTlsNorm = (): TlsNorm =>
  schema.parse(load(readFileSync(join(import.meta.dirname, "ncsc-tls-2025-05.yaml"), "utf8")));

export type Rating = "good" | "sufficient" | "phase out" | "insufficient";

/** How the norm rates one code point: what it doesn't name is insufficient. */
export function rate(row: Row, code: number | string): { readonly rating: Rating; name: string } {
  const lists: readonly [Rating, ReadonlyMap<number, string>][] = [
    ["good", row.good],
    ["sufficient", row.sufficient],
    ["phase out", row.phaseOut],
  ];
  if (typeof code === "string") return { rating: "insufficient", name: code };
  const [rating, names] = lists.find(([, names]) => names.has(code)) ?? ["insufficient"];
  const hex = `0x${code.toString(16).padStart(4, "0")}`;
  return { rating, name: names?.get(code) ?? hex };
}
