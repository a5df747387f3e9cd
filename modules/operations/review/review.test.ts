import { describe, expect, test } from "vitest";
import { planned } from "../../../lab/testing/examples.ts";
import { asInput, type Loose } from "../../policy/testing.ts";
import { reviewOf } from "./index.ts";

/** An example whose plan makes all of it. */
const whole = (name: string) => planned(name);

/** The same as it stands: nothing is planned but what a test changes. */
function standing(name: string) {
  const input = planned(name);
  for (const plan of input.plans.values())
    for (const one of plan.resource_changes) {
      one.change.actions = ["no-op"];
      one.change.before = structuredClone(one.change.after);
    }
  return input;
}

const review = (input: ReturnType<typeof planned>, applied?: Loose) => {
  const { blueprint, plans } = asInput(input);
  return reviewOf(blueprint, plans ?? new Map(), applied).map(
    ({ risk, text }) => `${risk}: ${text}`,
  );
};
/** The change of the one resource of the cluster whose type and name begin so. */
function change(input: ReturnType<typeof planned>, name: string, type: RegExp): Loose {
  const plan = input.plans.get(name);
  const found = plan.resource_changes.filter((one: Loose) => type.test(one.address));
  if (found.length !== 1) throw new Error(`${found.length} are ${type}`);
  return found[0].change;
}

describe.each(["lab", "eea-voorbeeld"])("a first plan of %s", (name) => {
  const lines = review(whole(name));

  test("says what is made, what opens and to whom, and no word of Terraform's", () => {
    expect(lines).toContainEqual(expect.stringMatching(/^low: control-1 is made/));
    expect(lines).toContainEqual(
      expect.stringMatching(/^high: ports? .*tcp 443.* opens? to the internet on control-1$/),
    );
    expect(lines).toContainEqual(
      expect.stringMatching(/^high: ports? .*udp 10000.* opens? to the internet on bridge-1, /),
    );
    expect(lines).toContainEqual(
      expect.stringMatching(
        /^medium: port tcp 22 \(SSH\) opens to the admins' networks \([0-9a-f.:/, ]+\) on edge-1$/,
      ),
    );
    expect(lines.join("\n")).not.toMatch(
      /openstack_|hcloud_|resource|secgroup|unknown|undefined|\$\{/,
    );
  });

  test("comes the gravest first", () => {
    const risks = lines.map((line) => line.split(":")[0]);
    expect(risks).toEqual([
      ...risks.filter((one) => one === "high"),
      ...risks.filter((one) => one === "medium"),
      ...risks.filter((one) => one === "low"),
    ]);
  });

  test("once it stands there is nothing to say", () => {
    expect(review(standing(name))).toEqual([]);
  });
});

describe("what changes is said once, in the words of those who use it", () => {
  test("a bridge that is replaced", () => {
    const input = standing("lab");
    change(input, "lab", /compute_instance_v2\.bridge-2_server/).actions = ["delete", "create"];
    expect(review(input)).toEqual([
      "high: bridge-2 is replaced by a new machine with an empty disk: the calls on it are cut at that moment; converge it afterwards",
    ]);
  });

  test("a port that opens on OpenStack, one that closes", () => {
    const input = standing("lab");
    const plan = input.plans.get("lab");
    const rules = plan.resource_changes.filter((one: Loose) =>
      /secgroup_rule_v2/.test(one.address),
    );
    const web = rules.filter(
      ({ change: { after } }: Loose) =>
        after.direction === "ingress" &&
        after.port_range_min === 443 &&
        /^(0\.0\.0\.0|::)\/0$/.test(after.remote_ip_prefix),
    );
    for (const { change: one } of web) {
      one.actions = ["delete", "create"];
      one.after = { ...one.after, port_range_min: 8443, port_range_max: 8443 };
    }
    expect(review(input)).toEqual([
      "high: port tcp 8443 opens to the internet on control-1",
      "high: port tcp 8443 opens to the internet on turn-1, turn-2",
      "medium: port tcp 443 closes to the internet on control-1",
      "medium: port tcp 443 closes to the internet on turn-1, turn-2",
    ]);
  });

  test("a port that opens at Hetzner", () => {
    const input = standing("eea-voorbeeld");
    const one = change(input, "eea-voorbeeld", /hcloud_firewall\..*control/);
    one.actions = ["update"];
    one.after.rule.push({
      direction: "in",
      protocol: "tcp",
      port: "9090",
      source_ips: ["0.0.0.0/0", "::/0"],
      destination_ips: [],
    });
    expect(review(input)).toEqual(["high: port tcp 9090 opens to the internet on control-1"]);
  });

  test("a volume that goes, a name that leads elsewhere", () => {
    const input = standing("eea-voorbeeld");
    change(input, "eea-voorbeeld", /hcloud_volume\.control-1/).actions = ["delete"];
    const apex = change(input, "eea-voorbeeld", /rrset\.dns_apex-a_/);
    apex.actions = ["update"];
    apex.after.records = [{ value: "192.0.2.1" }];
    expect(review(input)).toEqual([
      "high: volume control-1-data goes: all that is on it is lost",
      expect.stringMatching(
        /^high: the A record of vergaderen\.stichting\.example becomes 192\.0\.2\.1; it was 203\.0\.113\.\d+$/,
      ),
    ]);
  });

  test("what the instance's files say since the last apply", () => {
    const input = standing("lab");
    const applied = structuredClone(input.blueprint);
    input.blueprint.admins[0].key = "ssh-ed25519 AAAA";
    input.blueprint.admins.push({ name: "Anna Kok", user: "annakok", key: "k", issuer: false });
    input.blueprint.adminNetworks = ["0.0.0.0/1"];
    input.blueprint.waivers.push({
      waives: "security-logs-take-two",
      owner: "Anna Kok",
      reason: "One person.",
      expires: "2027-01-01",
    });
    expect(review(input, applied)).toEqual([
      "high: Anna Kok (annakok) becomes an admin: gets onto every host at the next converge, and may approve plans",
      "high: the entry of admin Sam de Vries (samdevries) changes: another key, or other rights",
      "high: an exception from security-logs-take-two counts until 2027-01-01, carried by Anna Kok: One person.",
      "high: the instance file's adminNetworks gets 0.0.0.0/1 and loses 198.18.64.0/30",
    ]);
  });

  test("a setting value by value, and a meeting by its kind", () => {
    const input = standing("lab");
    const applied = structuredClone(input.blueprint);
    input.blueprint.retention.securityDays += 100;
    input.blueprint.meetings.guests = !applied.meetings.guests;
    const [meeting] = input.blueprint.demand.meetings;
    meeting.simultaneous += 1;
    input.blueprint.demand.meetings.push({ kind: "extra", participants: 5 });
    expect(review(input, applied)).toEqual([
      `high: the instance file's meetings.guests becomes ${!applied.meetings.guests}; it was ${applied.meetings.guests}`,
      `medium: the instance file's demand.meetings "${meeting.kind}".simultaneous becomes ${meeting.simultaneous}; it was ${meeting.simultaneous - 1}`,
      'medium: the instance file\'s demand.meetings "extra".kind is new: extra',
      'medium: the instance file\'s demand.meetings "extra".participants is new: 5',
      `medium: the instance file's retention.securityDays becomes ${applied.retention.securityDays + 100}; it was ${applied.retention.securityDays}`,
    ]);
  });

  test("a volume that grows", () => {
    const input = standing("eea-voorbeeld");
    const volume = change(input, "eea-voorbeeld", /hcloud_volume\.control-1/);
    volume.actions = ["update"];
    volume.after.size += 20;
    expect(review(input)).toEqual([
      `low: volume control-1-data grows from ${volume.before.size} to ${volume.after.size} GiB`,
    ]);
  });

  test("what every host may send is one line", () => {
    const lines = review(whole("eea-voorbeeld")).filter((line) => line.includes("may send"));
    expect(lines.filter((line) => line.includes("udp 123 (time)"))).toEqual([
      expect.stringMatching(/^low: every host may send to /),
    ]);
    expect(lines.join("\n")).toMatch(/every host may send to the internet: port tcp 443 \(HTTPS\)/);
  });
});
