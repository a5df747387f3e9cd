import { createHash } from "node:crypto";
import type { Blueprint } from "../../modules/planning/blueprint/index.ts";
import type { Door, EnumerationQuestion, Inside } from "../../modules/verification/probes/index.ts";
import { type Change, PSEUDONYM_KEY } from "./gate-server.ts";
import { raised, World } from "./gate-world.ts";

/** Rates that nothing limits: the gate's own are {@link raised} for a run from one address. */
const LIMITS = { handshakes: 2_000, stanzas: 5_000, seconds: 300 } as const;

/** A control host's Prosody, and meetings in each state to look for. */
export class Instance {
  readonly world: World;
  readonly door: Door;
  private readonly invited: Pick<EnumerationQuestion, "moderator" | "guest" | "attacker" | "names">;

  private constructor(world: World, invited: Instance["invited"]) {
    const { webPort: port, blueprint } = world.server;
    this.world = world;
    this.door = { address: "127.0.0.1", port, domain: blueprint.domain };
    this.invited = invited;
  }

  /** @param change of what is rendered; none given: only limits are raised */
  static async start(blueprint: Blueprint, change: Change = { config: raised }): Promise<Instance> {
    const world = await World.start(blueprint, change);
    const { issuer, server } = world;
    const [live, own, revoked] = [issuer.room(), issuer.room(), issuer.room()];
    const digest = createHash("sha256").update(revoked).digest("hex");
    server.revoke(`room ${digest} ${Math.floor(Date.now() / 1_000) + 86_400}\n`);
    // As long as a meeting may be by default (meetings.maxMinutes).
    const hours = 4 * 3_600;
    return new Instance(world, {
      moderator: { room: live, token: await issuer.token(live, "moderator", hours) },
      guest: { room: live, token: await issuer.token(live, "guest", hours) },
      attacker: { room: own, token: await issuer.token(own, "guest", hours) },
      names: { ended: [issuer.room(-2)], revoked: [revoked], "not begun": [issuer.room(3)] },
    });
  }

  question(over: Partial<EnumerationQuestion> = {}): EnumerationQuestion {
    const { door, invited } = this;
    return { door, ...invited, allLikely: false, limits: LIMITS, shards: 1, seed: 1, ...over };
  }

  /** The admin path's commands, on a Prosody that has no systemd and no journal around it. */
  get inside(): Inside {
    const { server } = this.world;
    const run = async (_: string, [program, ...args]: readonly string[]) => {
      if (program === "systemctl" && args[0] === "kill") server.signal("USR1");
      const lines = server.decisions().map((one) => JSON.stringify(one));
      const after = args.find((one) => one.startsWith("--after-cursor="))?.split("=")[1];
      const stdout =
        after === undefined
          ? `-- cursor: ${lines.length}\n`
          : lines.slice(Number(after)).join("\n");
      return { code: 0, stdout, stderr: "" };
    };
    return { admin: { run }, host: "control-1", pseudonymKey: PSEUDONYM_KEY };
  }

  stop(): Promise<void> {
    return this.world.stop();
  }
}
