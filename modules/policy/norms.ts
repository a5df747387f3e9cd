/** The edition of a norm that rules name by its numbers. */
export interface Norm {
  readonly id: string;
  readonly version: string;
  readonly source: string;
}

/** Read on 2026-11-24. */
const NORMS: readonly Norm[] = [
  {
    id: "BIO2",
    version: "1.3 (2026-01-09)",
    source: "https://github.com/MinBZK/Baseline-Informatiebeveiliging-Overheid",
  },
  {
    id: "NCSC-NL TLS",
    version: "2025-05",
    source: "https://www.ncsc.nl/en/transport-layer-security/ICT-beveiligingsrichtlijnen-voor-TLS",
  },
  { id: "GDPR", version: "2016/679", source: "https://eur-lex.europa.eu/eli/reg/2016/679/oj" },
  { id: "RFC 9116", version: "2022-04", source: "https://www.rfc-editor.org/rfc/rfc9116" },
];

/** The norms, with their editions, that a rule's numbers are of. */
export const normsOf = (norm: string | undefined): readonly Norm[] =>
  NORMS.filter(({ id }) => norm?.includes(id));
