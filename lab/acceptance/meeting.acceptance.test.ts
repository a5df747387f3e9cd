import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { TOOLKIT } from "../../modules/common/toolkit/index.ts";
import {
  instanceFolder,
  type LoadedInstance,
  loadInstance,
} from "../../modules/workspace/index.ts";
import { defaultFolder } from "../cloud/index.ts";
import { internetCommand } from "../hypervisor/index.ts";
import { Person } from "./browser.ts";

// Real browsers at the cluster that `make lab PACKAGES=folder` has deployed and that still stands. docs/acceptance.md says
// what was seen, and when.

const lab = defaultFolder();
let loaded: LoadedInstance;
let certificate = "";
const people: Person[] = [];

/** The certificate that the web server shows. */
function shownCertificate({ blueprint }: LoadedInstance): string {
  const control = blueprint.hosts.find(({ role }) => role === "control")?.publicAddress?.ipv4;
  const asked = ["-connect", `${control}:443`, "-servername", blueprint.domain];
  const [name = "", ...args] = internetCommand(lab, ["openssl", "s_client", ...asked]);
  const answer = execFileSync(name, args, { input: "", stdio: ["pipe", "pipe", "ignore"] });
  return /-----BEGIN[\s\S]*?END CERTIFICATE-----/.exec(answer.toString())?.[0] ?? "";
}

/** A meeting that begins now: the moderator's link and the guest's. */
function invite(): { readonly moderator: string; readonly guest: string } {
  const now = new Date().toLocaleString("sv", { timeZone: "Europe/Amsterdam" });
  const starts = now.slice(0, 16).replace(" ", "T");
  const asked = ["invite", "lab", "--starts", starts, "--minutes", "60", "--name", "Wilhelmina"];
  const printed = execFileSync(join(TOOLKIT, "cli/polder"), asked, { cwd: TOOLKIT }).toString();
  const [moderator = "", guest = ""] = printed.match(/https:\S+/g) ?? [];
  return { moderator, guest };
}

const come = async (name: string): Promise<Person> => {
  const person = await Person.open({ lab, blueprint: loaded.blueprint, certificate, name });
  people.push(person);
  return person;
};

/** What the page's policy stopped, and what was asked of somebody else's server. */
const leaks = ({ elsewhere, errors }: Person): string[] => [
  ...elsewhere,
  ...errors.filter((text) => /content security policy/i.test(text)),
];

beforeAll(() => {
  loaded = loadInstance(instanceFolder(TOOLKIT, "lab"));
  if (!loaded.blueprint.jitsi)
    throw new Error("the lab's instance runs stand-ins: `make lab PACKAGES=folder` first");
  certificate = shownCertificate(loaded);
});
afterEach(async () => {
  for (const person of people.splice(0)) await person.close();
});

describe("a meeting of real browsers", () => {
  it("a guest waits, is shown with the mark, is let in, and both see each other", async () => {
    const { moderator: link, guest: guestLink } = invite();
    const moderator = await come("Wilhelmina");
    await moderator.join(link);
    const guest = await come("Kees");
    await guest.join(guestLink);
    await moderator.press(/toelaten/i, 90_000);
    await guest.seesVideo(90_000);
    await moderator.seesVideo(90_000);
    for (const person of [moderator, guest]) expect(leaks(person)).toEqual([]);
    await guest.picture(join(lab, "acceptance-guest.png"));
  });

  it("who has the meeting's name and no token stays outside", async () => {
    const { moderator: link } = invite();
    const moderator = await come("Wilhelmina");
    await moderator.join(link);
    const outsider = await come("Piet");
    await outsider.join(link.replace(/#.*/, ""));
    await expect(moderator.press(/toelaten/i, 20_000)).rejects.toThrow(/exceeded/);
    await expect(outsider.seesVideo(5_000)).rejects.toThrow(/exceeded/);
  });

  it("a link that switches third parties on leads to nobody's server but the own", async () => {
    const { moderator: link, guest: guestLink } = invite();
    const more =
      "&config.gravatar.disabled=false&config.disableThirdPartyRequests=false&config.analytics.disabled=false&config.giphy.enabled=true";
    const moderator = await come("Wilhelmina");
    await moderator.join(`${link}${more}`);
    const guest = await come("Kees");
    await guest.join(`${guestLink}${more}`);
    await moderator.press(/toelaten/i, 90_000);
    await guest.seesVideo(90_000);
    expect([...moderator.elsewhere, ...guest.elsewhere]).toEqual([]);
  });
});
