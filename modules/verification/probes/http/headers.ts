/** Directives that a policy must set by itself: they don't fall back to default-src, or say more. */
const MUST = ["base-uri", "form-action", "frame-ancestors"];

function readPolicy(policy: string): string[] {
  const directives = new Map(
    policy
      .split(";")
      .map((part) => part.trim().split(/\s+/))
      .filter(([name]) => name)
      .map(([name = "", ...values]) => [name.toLowerCase(), values]),
  );
  const fallback = directives.get("default-src")?.join(" ");
  const wrong = [
    ...(fallback === "'none'" || fallback === "'self'"
      ? []
      : ["default-src is neither none nor self"]),
    ...MUST.filter((name) => !directives.has(name)).map((name) => `${name} is missing`),
  ];
  for (const [name, values] of directives) {
    for (const value of values) {
      if (/^'unsafe-(inline|eval|hashes)'$/.test(value) || /^(http:|https:|\*)$/.test(value))
        wrong.push(`${name} allows ${value}`);
      if (/\*|127\.0\.0\.1|^http:/.test(value) && value !== "*")
        wrong.push(`${name} allows ${value}`);
      if (value === "data:" && /^(default|script|object)-src$/.test(name))
        wrong.push(`${name} allows data:`);
    }
  }
  return wrong.map((text) => `Content-Security-Policy: ${text}`);
}

/** What internet.nl's rows of security options say against a page's headers. */
export function readHeaders(headers: Readonly<Record<string, string>>): string[] {
  const is = (name: string, allowed: readonly string[]): string[] => {
    const value = headers[name]?.toLowerCase() ?? "";
    return allowed.includes(value)
      ? []
      : [`${name} is "${value}", good is ${allowed.join(" or ")}`];
  };
  return [
    ...is("x-frame-options", ["deny", "sameorigin"]),
    ...is("x-content-type-options", ["nosniff"]),
    ...is("referrer-policy", ["no-referrer", "same-origin"]),
    ...readPolicy(headers["content-security-policy"] ?? ""),
  ];
}
