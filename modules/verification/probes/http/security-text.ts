/** What is wrong with a security.txt (RFC 9116). */
export function readSecurityText(text: string, contentType: string, now: Date): string[] {
  const fields = text
    .split(/\r?\n/)
    .filter((line) => line.trim() !== "" && !line.startsWith("#"))
    .map((line) => /^([A-Za-z-]+):\s*(.*)$/.exec(line));
  const values = (name: string) =>
    fields.filter((one) => one?.[1]?.toLowerCase() === name).map((one) => one?.[2]?.trim() ?? "");
  const expires = values("expires");
  const ends = Date.parse(expires[0] ?? "");
  const year = new Date(now);
  year.setUTCFullYear(year.getUTCFullYear() + 1);
  return [
    ...(/^text\/plain;\s*charset=utf-8$/i.test(contentType)
      ? []
      : [`it is "${contentType}", not text/plain; charset=utf-8`]),
    ...(fields.includes(null) ? ["a line is no field"] : []),
    ...(values("contact").some((one) => /^(mailto:|https:|tel:)/.test(one))
      ? []
      : ["no Contact by mailto:, https: or tel:"]),
    ...(expires.length === 1 && !Number.isNaN(ends) ? [] : ["it has not one Expires with a date"]),
    ...(ends <= now.getTime() ? [`it ended on ${expires[0]}`] : []),
    ...(ends > year.getTime() ? [`it ends on ${expires[0]}, more than a year from now`] : []),
    ...(values("preferred-languages").length > 1 ? ["Preferred-Languages stands twice"] : []),
  ];
}
