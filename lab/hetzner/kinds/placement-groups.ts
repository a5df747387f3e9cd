import { ApiError, invalid } from "../error.ts";
import type { Project, StoredObject } from "../project.ts";
import { checkedLabels } from "../query.ts";
import { common, made, none, type Route, shownCommon } from "../route.ts";

/** Servers that one group takes. */
export const GROUP = 10;

export const membersOf = (group: StoredObject, project: Project): number[] =>
  project
    .all("servers")
    .filter((server) => server["placementGroup"] === group.id)
    .map(({ id }) => id);

export const showGroup = (group: StoredObject, project: Project) => ({
  ...shownCommon(group),
  type: group["type"],
  servers: membersOf(group, project),
});

export const placementGroups: readonly Route[] = [
  ...common("placement_groups", "placement_group", showGroup),
  [
    "POST /placement_groups",
    ({ project, body }) => {
      project.refuseName("placement_groups", body.name);
      if (body.type !== "spread") throw invalid("type", "spread is allowed");
      const group = project.add("placement_groups", {
        name: body.name,
        type: "spread",
        protection: {},
        labels: checkedLabels(body.labels),
      });
      return made({ placement_group: showGroup(group, project), action: null });
    },
  ],
  [
    "DELETE /placement_groups/:",
    ({ project, at: [id = ""] }) => {
      const group = project.get("placement_groups", id);
      if (membersOf(group, project).length > 0)
        throw new ApiError("resource_in_use", "the placement group still has servers");
      project.remove("placement_groups", group);
      return none();
    },
  ],
];
