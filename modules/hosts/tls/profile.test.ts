import { expect, it } from "vitest";
import { GROUPS, opensslConfig, SIGNATURES, SUITES_12, SUITES_13 } from "./index.ts";

/** NCSC-NL 2025-05, phase out and insufficient, as words in OpenSSL's names. */
const UNWANTED = /CBC|SHA$|SHA1|SHA224|^DHE|RC4|3DES|CAMELLIA|ARIA|CCM_8|ffdhe|secp224|MD5|NULL/i;

it("holds nothing that the NCSC phases out or calls insufficient, and the good ones first", () => {
  const all = [...SUITES_12, ...SUITES_13, ...GROUPS, ...SIGNATURES];
  expect(all.filter((name) => UNWANTED.test(name))).toEqual([]);
  expect(SUITES_12.filter((name) => !/^ECDHE-.*(GCM|CHACHA20)/.test(name))).toEqual([]);
  expect(SUITES_13[0]).toBe("TLS_AES_256_GCM_SHA384");
  expect(GROUPS[0]).toBe("X25519MLKEM768");
  // The same words, planted, are found.
  expect(["ffdhe2048", "ECDHE-RSA-AES128-SHA"].filter((name) => !UNWANTED.test(name))).toEqual([]);
});

it("leaves no key of OpenSSL's own choosing", () => {
  const keys = opensslConfig().map((line) => line.split(" = ")[0]);
  for (const key of [
    "MinProtocol",
    "CipherString",
    "Ciphersuites",
    "Groups",
    "SignatureAlgorithms",
  ])
    expect(keys).toContain(key);
});
