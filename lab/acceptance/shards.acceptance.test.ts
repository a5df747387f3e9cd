import { afterEach, beforeAll, expect, it } from "vitest";
import { controlOf } from "../../modules/hosts/nginx/index.ts";
import { hostsWith } from "../../modules/planning/blueprint/index.ts";
import { linkOf } from "../testing/links.ts";
import { Acceptance, type Links } from "./meeting.ts";

// Several shards, by real browsers: docs/acceptance.md says of which instance. One shard has nothing to show here.

let acceptance: Acceptance;
beforeAll(() => {
  acceptance = new Acceptance();
});
afterEach(({ task }) => acceptance.end(task.result?.state === "fail" ? task.name : undefined));

/** A meeting whose name is of a shard. */
function meetingOf(control: string): Links {
  for (let tries = 0; tries < 30; tries++) {
    const links = acceptance.invite();
    if (controlOf(acceptance.loaded.blueprint, linkOf(links.guest).room).id === control)
      return links;
  }
  throw new Error(`no name of ${control} in 30`);
}

it("people who come by different control hosts meet, in a meeting of either shard, by that shard's bridges", async ({
  skip,
}) => {
  const { blueprint } = acceptance.loaded;
  const controls = hostsWith(blueprint, "control");
  skip(controls.length < 2, "the instance has one shard");
  for (const { id, shard } of controls) {
    const links = meetingOf(id);
    const moderator = await acceptance.person("Wilhelmina", { control: 0 });
    await moderator.join(links.moderator);
    const kees = await acceptance.person("Kees", { control: 1, network: ["ipv4"] });
    await kees.join(links.guest);
    await moderator.press(/toelaten/i, 90_000);
    await kees.seesVideo(90_000);
    await moderator.seesVideo(90_000);
    const people = Object.entries(await acceptance.people()).filter(([, count]) => count > 0);
    const shards = people.map(
      ([bridge]) => blueprint.hosts.find((one) => one.id === bridge)?.shard,
    );
    expect(new Set(shards)).toEqual(new Set([shard]));
    // Back by the same way, into the same shard.
    kees.network.reset();
    await kees.loadedAgain();
    await kees.ask();
    await kees.seesVideo(90_000);
    expect(await moderator.text()).not.toMatch(/toelaten/i);
    await acceptance.end();
  }
});
