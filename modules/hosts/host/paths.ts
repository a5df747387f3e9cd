/** What hosts trust between each other: the instance's CA, apart from the system's store. */
export const CA_FILE = "/etc/polder/ca/instance.crt";

/** The host's own certificate and key for TLS between hosts; the key is root's alone. */
export const HOST_CERTIFICATE = "/etc/polder/tls/host.crt";
export const HOST_KEY = "/etc/polder/tls/host.key";
