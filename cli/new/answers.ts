import type { z } from "zod";
import { BadInput, badInput, explain, type Problem } from "../../modules/common/input/index.ts";
import { instanceSchema } from "../../modules/planning/instance/index.ts";

/** One kind of meeting, as `polder new` asks for it. */
export interface MeetingAnswer {
  readonly kind: string;
  readonly simultaneous: number;
  readonly participants: number;
  readonly cameras: "all" | "none" | number;
}

/** All that an instance file has no default for, and how many hosts it is: that decides the bill. */
export interface Answers {
  readonly name: string;
  readonly organisation: string;
  readonly domain: string;
  readonly marking: string;
  readonly tbb: number;
  readonly residency: string;
  readonly location: string;
  readonly size: string;
  readonly chat: string;
  readonly meetings: readonly MeetingAnswer[];
  readonly adminName: string;
  readonly adminUser: string;
  readonly adminKey: string;
  readonly adminNetworks: readonly string[];
  readonly securityContact: string;
}

const { shape } = instanceSchema;
const meeting = shape.demand.shape.meetings.element.shape;
const admin = shape.admins.element.shape;

/** The part of the instance file's schema that each answer is held against. */
const PARTS = {
  name: shape.name,
  organisation: shape.organisation,
  domain: shape.domain,
  marking: shape.classification.shape.marking,
  tbb: shape.classification.shape.tbb,
  residency: shape.residency,
  location: shape.location,
  size: shape.size,
  chat: shape.chat,
  kind: meeting.kind,
  simultaneous: meeting.simultaneous,
  participants: meeting.participants,
  cameras: meeting.cameras,
  adminName: admin.name,
  adminUser: admin.user,
  adminKey: admin.key,
  adminNetwork: shape.adminNetworks.element,
  securityContact: shape.securityContact,
} as const satisfies Readonly<Record<string, z.ZodType>>;

export type AnswerField = keyof typeof PARTS;

/** Numbers and the words that stand for one: a terminal gives text only. */
export function typed(part: AnswerField, text: string): unknown {
  const numeric = ["tbb", "simultaneous", "participants", "cameras"].includes(part);
  return numeric && /^-?\d+(\.\d+)?$/.test(text.trim()) ? Number(text) : text.trim();
}

/** What is wrong with an answer, or undefined: the same words as the file's own errors. */
export function answerProblem(part: AnswerField, text: string): string | undefined {
  const value = typed(part, text);
  const result = PARTS[part].safeParse(value);
  if (result.success) return undefined;
  const [issue] = result.error.issues;
  if (!issue || value === "") return "an answer is needed";
  return explain(issue, value);
}

/** `teamoverleg,2,8,all`: kind, how many at once, people in each, cameras. */
export function parseMeeting(text: string): MeetingAnswer {
  const [kind = "", simultaneous = "", participants = "", cameras = "", ...rest] = text
    .split(",")
    .map((part) => part.trim());
  const problem =
    rest.length > 0 || cameras === ""
      ? `got "${text}", kind,simultaneous,participants,cameras is allowed, such as teamoverleg,2,8,all`
      : (
          [
            ["kind", kind],
            ["simultaneous", simultaneous],
            ["participants", participants],
            ["cameras", cameras],
          ] as const
        )
          .map(([part, value]) => [part, answerProblem(part, value)] as const)
          .flatMap(([part, message]) => (message ? [`${part}: ${message}`] : []))[0];
  if (problem) throw badInput("--meeting", problem);
  return {
    kind,
    simultaneous: Number(simultaneous),
    participants: Number(participants),
    cameras: typed("cameras", cameras) as MeetingAnswer["cameras"],
  };
}

/** Flags and the answers that they are. */
export const FLAGS: Readonly<Record<string, AnswerField>> = {
  "--organisation": "organisation",
  "--domain": "domain",
  "--marking": "marking",
  "--tbb": "tbb",
  "--residency": "residency",
  "--location": "location",
  "--size": "size",
  "--chat": "chat",
  "--admin-name": "adminName",
  "--admin-user": "adminUser",
  "--admin-key": "adminKey",
  "--security-contact": "securityContact",
};

/** Throws every problem of the flags at once. */
export function refuseAll(problems: readonly Problem[]): void {
  if (problems.length > 0) throw new BadInput(problems);
}
