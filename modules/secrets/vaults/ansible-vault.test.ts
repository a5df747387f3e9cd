import { expect, test } from "vitest";
import { decryptText, encryptText } from "./ansible-vault.ts";

// ansible-vault itself reads these files, and these functions its own: lab/keys.debian.test.ts.
const password = "a".repeat(64);

test.each(["", "x", "a: één\n", "y".repeat(16), "z".repeat(100_000)])(
  "comes back as it was",
  (text) => {
    const sealed = encryptText(text, password);
    expect(sealed).toMatch(/^\$ANSIBLE_VAULT;1\.1;AES256\n([0-9a-f]{80}\n)*[0-9a-f]{1,80}\n$/);
    expect(decryptText(sealed, password)).toBe(text);
  },
);

test("no two are alike", () => {
  expect(encryptText("x", password)).not.toBe(encryptText("x", password));
});

test("another password, a changed digit, a cut end, another format: nothing is read", () => {
  const sealed = encryptText("a secret", password);
  const at = sealed.length - 10;
  const changed = `${sealed.slice(0, at)}${sealed[at] === "0" ? "1" : "0"}${sealed.slice(at + 1)}`;
  expect(decryptText(sealed, "b".repeat(64))).toBeUndefined();
  for (const bad of [
    changed,
    sealed.slice(0, -12),
    sealed.split("\n").slice(0, 1).join("\n"),
    sealed.replace(";1.1;", ";1.0;"),
    "",
  ])
    expect(decryptText(bad, password)).toBeUndefined();
});
