import { randomBytes } from "node:crypto";
import { type Outcome, passUnless } from "../../../common/findings/index.ts";
import { pseudonymOf } from "../../../hosts/gate/index.ts";
import { controlOf } from "../../../hosts/nginx/index.ts";
import { LENGTH, randomText } from "../../../meetings/rooms/index.ts";
import {
  type Blueprint,
  type Host,
  hostOf,
  privateAddresses,
} from "../../../planning/blueprint/index.ts";
import { gateLogs } from "../gate-log.ts";
import type { Context } from "../probe.ts";
import { hostsOf, publicAddresses } from "../services.ts";

/** A name of a meeting that a shard would have; no meeting has it. */
function nameIn(blueprint: Blueprint, control: Host): string {
  for (;;) {
    const room = randomText(randomBytes, LENGTH);
    if (controlOf(blueprint, room).id === control.id) return room;
  }
}

/** The address that the gate wrote down for a refused handshake with this name. */
const refusedFrom =
  (pseudonym: string) =>
  (line: unknown): string | undefined => {
    const { action, room, address } = line as Record<string, unknown>;
    return action === "handshake" && room === pseudonym ? String(address) : undefined;
  };

/**
 * Asks for a meeting of each shard at one control host, without a token that counts, and looks which gate refused it.
 *
 * @param ask opens a handshake at one of the control host's public addresses
 */
export async function shards(
  subject: string,
  context: Context,
  ask: (address: string, path: string) => Promise<unknown>,
): Promise<Outcome> {
  const { blueprint, admin } = context;
  const key = context.secret("gate/pseudonym.key");
  const inside = new Set(hostsOf(blueprint).flatMap(privateAddresses));
  const wrong: string[] = [];
  const controls = hostsOf(blueprint, "control");
  for (const address of publicAddresses(hostOf(blueprint, subject)))
    for (const control of controls) {
      const room = nameIn(blueprint, control);
      const from = await gateLogs(
        admin,
        control.id,
        () => ask(address, `/xmpp-websocket?room=${room}&token=x`),
        refusedFrom(pseudonymOf(key, room)),
      );
      if (from === undefined)
        wrong.push(`a meeting of ${control.id} doesn't come to its gate by ${address}`);
      else if (inside.has(from) || from.startsWith("127."))
        wrong.push(`${control.id} takes ${from}, a host of the cluster, for who asks`);
    }
  return passUnless(
    wrong,
    `meetings of ${controls.length} shards come to the gates of their own, as from who asks`,
  );
}
