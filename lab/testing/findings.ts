import type { Finding } from "../../modules/common/findings/index.ts";

/** What isn't well, a line each. */
export const red = (findings: readonly Finding[]): string[] =>
  findings
    .filter(({ verdict }) => verdict !== "pass")
    .map(({ id, subject, verdict, message }) => `${verdict} ${id} ${subject}: ${message}`);
