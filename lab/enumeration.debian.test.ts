import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Finding } from "../modules/common/findings/index.ts";
import { buildBlueprint } from "../modules/planning/blueprint/index.ts";
import { inputOf, someInstance } from "../modules/planning/blueprint/testing.ts";
import { evaluate, evaluateOccupants } from "../modules/verification/enumeration/index.ts";
import { FAULTS, plantOracle } from "../modules/verification/probes/enumeration/planted-oracle.ts";
import {
  type EnumerationQuestion,
  enumerate,
  occupantsOf,
  startWorker,
  workerCommand,
} from "../modules/verification/probes/index.ts";
import { Instance } from "./testing/clean-instance.ts";
import type { Change } from "./testing/gate-server.ts";
import { raised } from "./testing/gate-world.ts";
import { tlsFront } from "./testing/tls-front.ts";
import { withoutGate } from "./testing/without-gate.ts";

const blueprint = buildBlueprint(inputOf(someInstance()));
/** Nothing is timed in so short a run; all else is done. */
const untimed = { limits: { handshakes: 2_000, stanzas: 5_000, seconds: 0 } };

const run = async (question: EnumerationQuestion): Promise<Finding[]> =>
  evaluate(await enumerate(question, () => undefined), question.door.domain);
const named = (findings: readonly Finding[], verdict: Finding["verdict"]): string[] =>
  findings.filter((one) => one.verdict === verdict).map(({ id, subject }) => `${id} ${subject}`);

describe("an instance whose rooms nobody can tell apart", () => {
  let instance: Instance;
  beforeAll(async () => {
    instance = await Instance.start(blueprint);
  }, 60_000);
  afterAll(() => instance.stop());

  // How long answers take is looked at by enumeration.soak.test.ts, which has the machine to itself: without it
  // the rest counts for nothing, and says so.
  it("raises no alarm, behind oracles that are found, but for that of time", async () => {
    const findings = await run(instance.question(untimed));
    expect(named(findings, "fail")).toEqual([]);
    const planted = findings.filter(({ id }) => id === "enumeration-planted");
    const found = planted.filter(({ verdict }) => verdict === "pass").map(({ subject }) => subject);
    const others = planted.map(({ subject }) => subject).filter((one) => !one.startsWith("time"));
    expect(found).toEqual(others);
    for (const fault of FAULTS.filter((one) => one !== "time"))
      expect(others.filter((one) => one.startsWith(fault)).length).toBeGreaterThan(0);
  }, 60_000);

  it.each(FAULTS.filter((fault) => fault !== "time"))(
    "fails once something gives it away by its %s",
    async (fault) => {
      const question = instance.question(untimed);
      const planted = await plantOracle(instance.door, question.moderator.room, fault);
      const findings = await run({ ...question, door: planted.door });
      planted.close();
      expect(named(findings, "fail")).toContain("enumeration-state live");
      expect(named(findings, "fail")).not.toContain("enumeration-state ended");
    },
    60_000,
  );

  it("says nothing of a meeting that didn't last", async () => {
    const question = instance.question(untimed);
    const room = `${question.moderator.room}@conference.${question.door.domain}`;
    const observed = await enumerate(question, (stage) => {
      if (stage === "likely names")
        void instance.world.focus.ask(
          `<iq type='set' to='${room}' ID><query xmlns='http://jabber.org/protocol/muc#owner'><destroy/></query></iq>`,
        );
    });
    const findings = evaluate(observed, question.door.domain);
    const rest = findings.filter(({ id }) => id !== "enumeration-planted");
    expect([named(rest, "pass"), named(findings, "fail")]).toEqual([[], []]);
    expect(findings[0]?.message).toMatch(/the moderator was put out during the run/);
  }, 60_000);

  it("comes by TLS, and only to who has the domain's certificate", async () => {
    const front = await tlsFront(instance.door);
    const told = async (tls: { readonly ca?: string | undefined } | undefined) => {
      const findings = await run(instance.question({ ...untimed, door: { ...front.door, tls } }));
      expect(named(findings, "fail")).toEqual([]);
      return findings[0]?.message ?? "";
    };
    expect(await told(front.door.tls)).toContain("the moderator joined; the guest is told to wait");
    expect(await told({})).toMatch(/positive control failed: no handshake with .*CERT/);
    front.close();
  }, 60_000);

  it("says nothing of an instance that valid tokens don't get into", async () => {
    const nobody = { room: instance.question().moderator.room, token: "an-invention" };
    const findings = await run(instance.question({ moderator: nobody }));
    expect([named(findings, "pass"), named(findings, "fail")]).toEqual([[], []]);
    expect(findings[0]?.message).toBe(
      "the positive control failed: a valid token is refused at the handshake: 404",
    );
  });
});

describe("who is in a meeting, seen from outside and from inside", () => {
  /** Puts somebody into each room that a moderator joins, and tells no member of it. */
  const listener = `
module:hook("muc-occupant-joined", function (event)
  local room, nick = event.room, event.room.jid .. "/listener"
  if room:get_occupant_by_nick(nick) or event.stanza.attr.from:match("^focus@") then return end
  local hidden = room:new_occupant("listener@elsewhere.example", nick)
  hidden.role = "participant"
  hidden:set_session("listener@elsewhere.example/x", require "prosody.util.stanza".presence({ from = nick }))
  room:save_occupant(hidden)
end)`;
  const outside = startWorker("this machine", workerCommand, () => undefined);
  afterAll(() => outside.close());
  const look = async (change?: Change): Promise<Finding["verdict"]> => {
    const instance = await Instance.start(blueprint, change);
    const occupants = await occupantsOf(outside, instance.inside, instance.question());
    await instance.stop();
    return evaluateOccupants(occupants).verdict;
  };

  it("is the same, until somebody is hidden", async () => {
    expect(await look()).toBe("pass");
    const config = (text: string): string =>
      raised(text).replace('"gate_occupants"', '"gate_occupants"; "planted_listener"');
    const file = "/usr/local/lib/polder/prosody/mod_planted_listener.lua";
    expect(await look({ config, files: { [file]: listener } })).toBe("fail");
  }, 60_000);
});

describe("the same Prosody with the gate taken away", () => {
  let instance: Instance;
  beforeAll(async () => {
    instance = await Instance.start(blueprint, {
      config: (text) => withoutGate(raised(text)),
    });
  }, 60_000);
  afterAll(() => instance.stop());

  it("tells live rooms, and lets strangers make their own", async () => {
    const findings = await run(instance.question(untimed));
    expect(named(findings, "fail")).toEqual(
      expect.arrayContaining([
        "enumeration-state live",
        "enumeration-guess case",
        "enumeration-guess unicode",
        "enumeration-entry vergaderen.proefdorp.example",
      ]),
    );
  }, 60_000);
});
