import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Door } from "../../modules/probes/index.ts";
import { judgeRoot } from "./judge-root.ts";

const GATE = "mod_stand_in_gate.lua";

export interface MeetingServer {
  readonly door: Door;
  close(): Promise<void>;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

/** Core Prosody: anonymous logins over WebSocket, and rooms that are members-only from birth. */
const config = (
  domain: string,
  port: number,
  tokens: Readonly<Record<string, string>> | undefined,
): string => `
run_as_root = true
data_path = "/mnt"
pidfile = "/mnt/prosody.pid"
log = { error = "/mnt/prosody.log" }
plugin_paths = { "/mnt" }
modules_enabled = { "saslauth"; "disco"; "ping"; "websocket" }
modules_disabled = { "s2s"; "offline"; "tls" }
c2s_ports = {}
c2s_direct_tls_ports = {}
s2s_ports = {}
http_ports = { ${port} }
http_interfaces = { "127.0.0.1" }
https_ports = {}
consider_websocket_secure = true
default_storage = "memory"
VirtualHost "${domain}"
  authentication = "anonymous"
${
  tokens
    ? `  modules_enabled = { "stand_in_gate" }
  stand_in_tokens = { ${Object.entries(tokens)
    .map(([token, room]) => `["${token}"] = "${room}"`)
    .join("; ")} }`
    : ""
}
Component "conference.${domain}" "muc"
  muc_room_default_members_only = true
  muc_room_default_public_jids = true
  muc_room_locking = false
  muc_tombstones = false
Component "internal.auth.${domain}" "muc"
  restrict_room_creation = "local"
`;

/**
 * Starts Debian 13's Prosody on loopback.
 *
 * @param tokens the room of each, known to a stand-in of the gate; absent: nothing stands before
 *   Prosody
 */
export async function startMeetingServer(
  domain: string,
  tokens: Readonly<Record<string, string>> | undefined,
): Promise<MeetingServer> {
  const root = await judgeRoot();
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), "polder-meetings-"));
  copyFileSync(join(import.meta.dirname, GATE), join(folder, GATE));
  writeFileSync(join(folder, "prosody.cfg.lua"), config(domain, port, tokens));
  const inRoot =
    'mount --bind "$1" "$0/mnt" && exec chroot "$0" prosody --config /mnt/prosody.cfg.lua -F';
  const server = spawn("unshare", ["-m", "sh", "-c", inRoot, root, folder], { stdio: "ignore" });
  const ended = once(server, "exit");
  const close = async () => {
    server.kill();
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
  for (let left = 100; left > 0; left--) {
    const socket = connect({ host: "127.0.0.1", port });
    const up = await once(socket, "connect").then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (up) return { door: { address: "127.0.0.1", port, domain }, close };
    await sleep(100);
  }
  await close();
  throw new Error("prosody doesn't answer");
}
