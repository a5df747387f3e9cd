/*
 * NCSC-NL, "ICT-beveiligingsrichtlijnen voor TLS", 2025-05, as internet.nl encodes it
 * (internetstandards/Internet.nl, checks/tasks/tls/tls_constants.py at cec0e01d, read 2026-11-24).
 * Only what that table calls good or sufficient, by OpenSSL's names, the good ones first. The
 * versions are TLS 1.3 (good) and 1.2 (sufficient). The norm's date is the profile's: a newer edition
 * is a change here, reviewed as one.
 */

/** TLS 1.3: the first two are good, the last is sufficient. */
export const SUITES_13 = [
  "TLS_AES_256_GCM_SHA384",
  "TLS_CHACHA20_POLY1305_SHA256",
  "TLS_AES_128_GCM_SHA256",
] as const;

/** TLS 1.2: all sufficient. RSA for suppliers' certificates; ours are ECDSA. */
export const SUITES_12 = [
  "ECDHE-ECDSA-AES256-GCM-SHA384",
  "ECDHE-ECDSA-CHACHA20-POLY1305",
  "ECDHE-ECDSA-AES128-GCM-SHA256",
  "ECDHE-RSA-AES256-GCM-SHA384",
  "ECDHE-RSA-CHACHA20-POLY1305",
  "ECDHE-RSA-AES128-GCM-SHA256",
] as const;

/** Key exchange: the hybrid with ML-KEM is good (OpenSSL 3.5), the others are sufficient. */
export const GROUPS = ["X25519MLKEM768", "X25519", "secp256r1", "secp384r1"] as const;

/** Hashes of the handshake's own signature: SHA-2 only; OpenSSL alone would take SHA-224, too. */
export const SIGNATURES = [
  "ecdsa_secp256r1_sha256",
  "ecdsa_secp384r1_sha384",
  "ed25519",
  "rsa_pss_rsae_sha256",
  "rsa_pss_rsae_sha384",
  "rsa_pss_rsae_sha512",
  "rsa_pkcs1_sha256",
  "rsa_pkcs1_sha384",
  "rsa_pkcs1_sha512",
] as const;

/**
 * The profile as OpenSSL's own configuration, for daemons that have no settings for some of it: named
 * by OPENSSL_CONF in their unit. Left alone, OpenSSL 3.5 offers ffdhe2048, which is insufficient.
 */
export const opensslConfig = (): string[] => [
  "openssl_conf = openssl_init",
  "[openssl_init]",
  "ssl_conf = ssl",
  "[ssl]",
  "system_default = profile",
  "[profile]",
  "MinProtocol = TLSv1.2",
  `CipherString = ${SUITES_12.join(":")}`,
  `Ciphersuites = ${SUITES_13.join(":")}`,
  `Groups = ${GROUPS.join(":")}`,
  `SignatureAlgorithms = ${SIGNATURES.join(":")}`,
  "Options = ServerPreference,-SessionTicket",
];
