import { ApiError } from "./error.ts";
import type { Project } from "./project.ts";
import { type Answer, none, ok, type Route } from "./route.ts";

/** What whoever runs the machines must know, by the API's own names. */
const SEEN = ["servers", "networks", "firewalls", "volumes"] as const;

/**
 * The side of the cloud that no customer sees, for its operator: all projects, each as
 * its own API shows it, with what the API never shows again, a server's `user_data`. And what only
 * they can tell: that a machine has powered itself off.
 *
 * @param path what follows `/operator`
 */
export function operatorAnswer(
  method: string | undefined,
  path: string,
  projects: ReadonlyMap<string, Project>,
  routes: readonly Route[],
): Answer {
  if (method === "GET" && path === "/projects")
    return ok({
      projects: [...projects].map(([id, project]) => ({ id, ...view(project, routes) })),
    });
  const [, id = "", server = ""] = /^\/projects\/(\w+)\/servers\/(\d+)\/stopped$/.exec(path) ?? [];
  const project = projects.get(id);
  if (method !== "POST" || !project)
    throw new ApiError("not_found", "the operator has no such path");
  project.get("servers", server)["power"] = "off";
  project.save();
  return none();
}

function view(project: Project, routes: readonly Route[]): object {
  const list = (kind: string) => {
    const [, handle] = routes.find(([where]) => where === `GET /${kind}`) ?? [];
    return handle?.({ project, at: [], body: {}, query: new URLSearchParams() }).body as {
      readonly id: number;
    }[];
  };
  const shown = Object.fromEntries(SEEN.map((kind) => [kind, list(kind)]));
  const userData = (id: number): unknown => project.get("servers", id)["userData"];
  return {
    ...shown,
    actions: project.actions(),
    servers: list("servers").map((one) => ({ ...one, user_data: userData(one.id) })),
  };
}
