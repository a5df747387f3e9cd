/** What a service can't do without. Nothing else is left to it. */
export interface Needs {
  /** @default none */
  readonly capabilities?: readonly string[];
  /** Socket families. @default AF_UNIX, for the journal */
  readonly families?: readonly ("AF_UNIX" | "AF_INET" | "AF_INET6" | "AF_NETLINK")[];
  /** Paths that it writes to; directories of its own come from RuntimeDirectory and its like. */
  readonly writable?: readonly string[];
  /** Process file system: only what belongs to processes, or all of it. @default pid */
  readonly proc?: "pid" | "all";
  /** Whether it writes machine code while it runs, and runs it, as Java does. @default false */
  readonly writesCode?: boolean;
}

/**
 * systemd's sandbox as lines of `[Service]`: what systemd-analyze security(1) asks for, explained in
 * systemd.exec(5). One list for all services, so that a service's unit says only what it needs.
 */
export function sandbox({
  capabilities = [],
  families = ["AF_UNIX"],
  writable = [],
  proc = "pid",
  writesCode = false,
}: Needs): string[] {
  const list = capabilities.join(" ");
  return [
    "NoNewPrivileges=yes",
    `CapabilityBoundingSet=${list}`,
    `AmbientCapabilities=${list}`,
    "ProtectSystem=strict",
    ...writable.map((path) => `ReadWritePaths=${path}`),
    "ProtectHome=yes",
    "PrivateTmp=yes",
    "PrivateDevices=yes",
    "ProtectProc=invisible",
    `ProcSubset=${proc}`,
    "ProtectKernelTunables=yes",
    "ProtectKernelModules=yes",
    "ProtectKernelLogs=yes",
    "ProtectControlGroups=yes",
    "ProtectClock=yes",
    "ProtectHostname=yes",
    "LockPersonality=yes",
    ...(writesCode ? [] : ["MemoryDenyWriteExecute=yes"]),
    "RestrictNamespaces=yes",
    "RestrictRealtime=yes",
    "RestrictSUIDSGID=yes",
    `RestrictAddressFamilies=${families.join(" ")}`,
    "RemoveIPC=yes",
    "KeyringMode=private",
    "SystemCallArchitectures=native",
    "SystemCallFilter=@system-service",
    "SystemCallFilter=~@privileged @resources",
    "SystemCallErrorNumber=EPERM",
    "UMask=0077",
    "LimitCORE=0",
  ];
}
