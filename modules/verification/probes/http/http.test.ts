import { describe, expect, it } from "vitest";
import { readHeaders } from "./headers.ts";
import { readSecurityText } from "./security-text.ts";

const GOOD = {
  "x-frame-options": "DENY",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "content-security-policy":
    "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
};

describe("headers", () => {
  it("pass as internet.nl rates good", () => expect(readHeaders(GOOD)).toEqual([]));

  it.each(Object.keys(GOOD))("are missed: %s", (name) => {
    expect(readHeaders({ ...GOOD, [name]: "" }).length).toBeGreaterThan(0);
  });

  it.each([
    "script-src 'unsafe-inline'",
    "script-src 'self' 'unsafe-eval'",
    "img-src *",
    "img-src https:",
    "script-src http://a.example",
    "script-src *.example.org",
    "object-src data:",
    "connect-src 127.0.0.1",
  ])("don't let a policy allow %s", (directive) => {
    const policy = `${GOOD["content-security-policy"]}; ${directive}`;
    expect(readHeaders({ ...GOOD, "content-security-policy": policy })).toHaveLength(1);
  });
});

describe("security.txt", () => {
  const now = new Date("2026-11-24T12:00:00Z");
  const type = "text/plain; charset=utf-8";
  const good = "# hello\nContact: mailto:a@b.example\nExpires: 2027-05-01T00:00:00Z\n";

  it("passes as RFC 9116 wants it", () => expect(readSecurityText(good, type, now)).toEqual([]));

  it.each([
    ["has ended", good.replace("2027", "2026"), type],
    ["ends too late", good.replace("2027", "2028"), type],
    ["has two ends", `${good}Expires: 2027-05-01T00:00:00Z\n`, type],
    ["names nobody", good.replace(/Contact.*\n/, ""), type],
    ["names a bare address", good.replace("mailto:", ""), type],
    ["is a page", good, "text/html"],
    ["holds prose", `${good}write to us\n`, type],
  ])("fails when it %s", (_, text, contentType) => {
    expect(readSecurityText(text, contentType, now).length).toBeGreaterThan(0);
  });
});
