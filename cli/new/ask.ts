import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as clack from "@clack/prompts";
import { sshKeyProblem } from "../../modules/planning/instance/index.ts";
import {
  type AnswerField,
  type Answers,
  answerProblem,
  type MeetingAnswer,
  typed,
} from "./answers.ts";

/** The person left: nothing was written. */
export class Cancelled extends Error {
  override readonly name = "Cancelled";
  /** As a shell reports an interrupt. */
  readonly exitCode = 130;
  constructor() {
    super("stopped, nothing was written");
  }
}

/** A residency profile and a location that accepts it. */
export interface Place {
  readonly residency: string;
  readonly location: string;
  readonly title: string;
  readonly test: boolean;
}

export interface AskOptions {
  /** The places that accept this classification. */
  readonly places: (marking: string, tbb: number) => readonly Place[];
  /** Why a name can't be taken, such as that it exists. */
  readonly nameProblem: (name: string) => string | undefined;
  /** Where a person's public keys are. */
  readonly keyFolder: string;
}

/** The answers of a flag-less run are asked for; `known` are those that flags gave. */
export type Known = { readonly [Key in keyof Answers]?: Answers[Key] | undefined };

function kept<T>(value: T): Exclude<T, symbol> {
  if (clack.isCancel(value)) throw new Cancelled();
  return value as Exclude<T, symbol>;
}

interface TextQuestion {
  readonly initialValue?: string;
  readonly placeholder?: string;
  /** What the schema can't know, such as that a name is taken. */
  readonly also?: (text: string) => string | undefined;
}

async function askText(
  part: AnswerField,
  message: string,
  question: TextQuestion = {},
): Promise<string> {
  const { also, ...shown } = question;
  const answer = await clack.text({
    message,
    ...shown,
    validate: (value = "") => answerProblem(part, value.trim()) ?? also?.(value.trim()),
  });
  return kept(answer).trim();
}

interface Choice {
  readonly value: string;
  readonly label: string;
  readonly hint?: string;
}

const choose = async (message: string, options: readonly Choice[]): Promise<string> =>
  kept(await clack.select<string>({ message, options: [...options] }));

async function askMeeting(): Promise<MeetingAnswer> {
  const kind = await askText("kind", "What do you call this kind of meeting?", {
    initialValue: "teamoverleg",
  });
  const simultaneous = await askText(
    "simultaneous",
    "How many of these run at the same time, at the busiest hour?",
  );
  const participants = await askText("participants", "How many people are in one?");
  const cameras = await askText(
    "cameras",
    "How many have their camera on? (all, none, or a number)",
    {
      initialValue: "all",
      also: (text) =>
        Number(text) > Number(participants)
          ? `got ${text} cameras for ${participants} people`
          : undefined,
    },
  );
  return {
    kind,
    simultaneous: Number(simultaneous),
    participants: Number(participants),
    cameras: typed("cameras", cameras) as MeetingAnswer["cameras"],
  };
}

/** The public keys in a folder that hosts accept; private ones are never opened. */
function ownKeys(folder: string): { readonly file: string; readonly key: string }[] {
  try {
    return readdirSync(folder)
      .filter((file) => file.endsWith(".pub"))
      .sort()
      .map((file) => ({ file, key: readFileSync(join(folder, file), "utf8").trim() }))
      .filter(({ key }) => sshKeyProblem(key) === undefined);
  } catch {
    return []; // No folder, or one that we may not read: the key is pasted then.
  }
}

async function askKey(folder: string): Promise<string> {
  const found = ownKeys(folder);
  const paste = "";
  const choice =
    found.length === 0
      ? paste
      : await choose("Which public key do they log in with?", [
          ...found.map(({ file, key }) => ({
            value: key,
            label: file,
            hint: `${key.split(" ")[0]}`,
          })),
          { value: paste, label: "another, I paste it" },
        ]);
  return choice === paste
    ? askText("adminKey", "Their SSH public key (the whole line of the .pub file)", {
        placeholder: "ssh-ed25519 AAAA...",
      })
    : choice;
}

const loginOf = (name: string): string =>
  name
    .normalize("NFD")
    .toLowerCase()
    .replace(/[^a-z0-9]/g, "")
    .replace(/^[0-9]+/, "")
    .slice(0, 31);

/** Asks for what no flag gave, one question at a time, each answer checked as the file will be. */
export async function ask(known: Known, options: AskOptions): Promise<Answers> {
  clack.intro("A new instance. Ctrl-C leaves nothing behind.");
  const name =
    known.name ??
    (await askText("name", "Name of the instance (and of its folder)", {
      placeholder: "gemeente-voorbeeld",
      also: options.nameProblem,
    }));
  const organisation =
    known.organisation ??
    (await askText("organisation", "Whose instance is this?", {
      placeholder: "Gemeente Voorbeeld",
    }));
  const domain =
    known.domain ??
    (await askText("domain", "The domain that people meet at", {
      placeholder: "vergaderen.voorbeeld.nl",
    }));
  const marking =
    known.marking ??
    (await choose("The highest marking of what is said", [
      { value: "none", label: "none" },
      { value: "Dep.V", label: "Departementaal Vertrouwelijk", hint: "state secrets are refused" },
    ]));
  const tbb =
    known.tbb ??
    Number(
      await choose("The class that you need (TBB)", [
        { value: "4", label: "4", hint: "lowest" },
        { value: "3", label: "3" },
        { value: "2", label: "2" },
        { value: "1", label: "1", hint: "highest" },
      ]),
    );
  const place = await askPlace(known, options.places(marking, tbb));
  const size =
    known.size ??
    (await choose("How many hosts?", [
      {
        value: "cluster",
        label: "a cluster",
        hint: "one role a host, seven at least; one in reserve where people's calls are",
      },
      {
        value: "single",
        label: "two hosts",
        hint: "for a small organisation: a restart ends its meetings, and nothing stands in",
      },
    ]));
  const chat =
    known.chat ??
    (await choose("Text chat in meetings?", [
      { value: "off", label: "off", hint: "what isn't written can't leak" },
      { value: "on", label: "on" },
    ]));
  const meetings = known.meetings ?? (await askMeetings());
  const adminName =
    known.adminName ??
    (await askText("adminName", "The first admin: first and last name", {
      placeholder: "Sam de Vries",
    }));
  const adminUser =
    known.adminUser ??
    (await askText("adminUser", "Their login name on the hosts", {
      initialValue: loginOf(adminName),
    }));
  const adminKey = known.adminKey ?? (await askKey(options.keyFolder));
  const adminNetworks = known.adminNetworks ?? [
    await askText(
      "adminNetwork",
      place.test
        ? "The network that they come in from (for the lab, as in instances/lab)"
        : "The network that they come in from",
      {
        placeholder: "198.51.100.0/28",
      },
    ),
  ];
  const securityContact =
    known.securityContact ??
    (await askText("securityContact", "Where is a weakness reported?", {
      initialValue: `mailto:security@${domain.split(".").slice(-2).join(".")}`,
    }));
  return {
    name,
    organisation,
    domain,
    marking,
    tbb,
    residency: place.residency,
    location: place.location,
    size,
    chat,
    meetings,
    adminName,
    adminUser,
    adminKey,
    adminNetworks,
    securityContact,
  };
}

async function askMeetings(): Promise<MeetingAnswer[]> {
  const meetings = [await askMeeting()];
  while (
    kept(await clack.confirm({ message: "Is there another kind of meeting?", initialValue: false }))
  ) {
    meetings.push(await askMeeting());
  }
  return meetings;
}

async function askPlace(known: Known, all: readonly Place[]): Promise<Place> {
  const places = all.filter(
    (place) =>
      (known.residency ?? place.residency) === place.residency &&
      (known.location ?? place.location) === place.location,
  );
  const [only] = places;
  if (places.length === 1 && only) return only;
  if (all.every((place) => place.test)) {
    clack.log.info(
      "Only the lab on your own machine is known today; real locations come with `polder residency`.",
    );
  }
  const listed = places.length > 0 ? places : all;
  const choice = await choose(
    "Where may it run? (only places that accept it are listed)",
    listed.map(({ residency, location, title }, i) => ({
      value: `${i}`,
      label: `${residency}: ${location}`,
      hint: title,
    })),
  );
  return listed[Number(choice)] as Place;
}
