/** Cipher suites for TLS 1.2 that NCSC-NL calls sufficient (2025-05), by OpenSSL's names. */
export const STRONG_CIPHERS: readonly string[] = [
  "ECDHE-ECDSA-AES256-GCM-SHA384",
  "ECDHE-ECDSA-CHACHA20-POLY1305",
  "ECDHE-ECDSA-AES128-GCM-SHA256",
  "ECDHE-RSA-AES256-GCM-SHA384",
  "ECDHE-RSA-CHACHA20-POLY1305",
  "ECDHE-RSA-AES128-GCM-SHA256",
];

/** Of TLS 1.3: good and sufficient. */
export const STRONG_SUITES: readonly string[] = [
  "TLS_AES_256_GCM_SHA384",
  "TLS_CHACHA20_POLY1305_SHA256",
  "TLS_AES_128_GCM_SHA256",
];

/** Groups for the key exchange: good and sufficient. */
export const STRONG_GROUPS: readonly string[] = [
  "X25519MLKEM768",
  "SecP256r1MLKEM768",
  "SecP384r1MLKEM1024",
  "X25519",
  "X448",
  "secp256r1",
  "secp384r1",
  "secp521r1",
];
