import type { Kind, Project, StoredObject } from "./project.ts";
import { checkedLabels } from "./query.ts";

// biome-ignore lint/suspicious/noExplicitAny: what a client sends, read field by field
export type Body = any;

/** One request, as far as a route needs it. */
export interface Call {
  readonly project: Project;
  /** What stands in the path's places, in their order. */
  readonly at: readonly string[];
  readonly body: Body;
  readonly query: URLSearchParams;
}

export interface Answer {
  readonly status: number;
  readonly body?: unknown;
  /** Whether the answer is a list to be cut into pages, and by what name. */
  readonly list?: string;
}

/** A method and a path with places: `POST /servers/:/actions/poweron`. */
export type Route = readonly [where: string, handle: (call: Call) => Answer];

export const ok = (body: unknown): Answer => ({ status: 200, body });
export const made = (body: unknown): Answer => ({ status: 201, body });
export const none = (): Answer => ({ status: 204 });
export const listed = (list: string, body: readonly unknown[]): Answer => ({
  status: 200,
  list,
  body,
});

/** What every kind has: list, get, change of name and labels, lock. */
export function common(
  kind: Kind,
  one: string,
  show: (object: StoredObject, project: Project) => unknown,
  change: (object: StoredObject, body: Body) => void = () => {},
): Route[] {
  return [
    [
      `GET /${kind}`,
      ({ project }) =>
        listed(
          kind,
          project.all(kind).map((o) => show(o, project)),
        ),
    ],
    [
      `GET /${kind}/:`,
      ({ project, at: [id = ""] }) => ok({ [one]: show(project.get(kind, id), project) }),
    ],
    [
      `PUT /${kind}/:`,
      ({ project, at: [id = ""], body }) => {
        const object = project.get(kind, id);
        if (body.name !== undefined) {
          project.refuseName(kind, body.name, object.id);
          object.name = body.name;
        }
        if (body.labels !== undefined) object.labels = checkedLabels(body.labels);
        change(object, body);
        return ok({ [one]: show(object, project) });
      },
    ],
    [
      `POST /${kind}/:/actions/change_protection`,
      ({ project, at: [id = ""], body }) => {
        const object = project.get(kind, id);
        for (const lock of Object.keys(object.protection))
          if (body[lock] !== undefined) object.protection[lock] = body[lock] === true;
        return made({ action: project.act("change_protection", [one, object]) });
      },
    ],
  ];
}

/** What the API shows of every object. */
export const shownCommon = ({ id, name, labels, created, protection }: StoredObject) => ({
  id,
  name,
  labels,
  created,
  ...(Object.keys(protection).length > 0 && { protection }),
});
