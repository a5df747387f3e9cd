// What polder never makes, and what somebody may make beside it by hand: stored as asked for, listed, deleted. Nothing
// stands behind it.
import { IMAGES } from "../catalogue.ts";
import type { Project, StoredObject } from "../project.ts";
import { checkedLabels } from "../query.ts";
import { common, listed, made, none, type Route, shownCommon } from "../route.ts";

const showFloatingIp = (address: StoredObject) => ({
  ...shownCommon(address),
  type: address["type"],
  ip: address["ip"],
  server: address["server"],
});

const showBalancer = (balancer: StoredObject) => ({
  ...shownCommon(balancer),
  private_net: [],
  targets: balancer["targets"],
});

const showSnapshot = (image: StoredObject, project: Project) => {
  const server = project.all("servers").find(({ id }) => id === image["server"]);
  return {
    ...shownCommon(image),
    name: null,
    description: image["description"],
    type: "snapshot",
    status: "available",
    bound_to: null,
    created_from: { id: image["server"], name: server?.name ?? null },
  };
};

const removal = (kind: "floating_ips" | "load_balancers" | "snapshots", path: string): Route => [
  `DELETE /${path}/:`,
  ({ project, at: [id = ""] }) => {
    project.remove(kind, project.get(kind, id));
    return none();
  },
];

export const neverMade: readonly Route[] = [
  ...common("floating_ips", "floating_ip", showFloatingIp),
  ...common("load_balancers", "load_balancer", showBalancer),
  [
    "GET /images",
    ({ project }) =>
      listed("images", [
        ...IMAGES,
        ...project.all("snapshots").map((image) => showSnapshot(image, project)),
      ]),
  ],
  [
    "POST /floating_ips",
    ({ project, body }) => {
      project.refuseName("floating_ips", body.name);
      const address = project.add("floating_ips", {
        name: body.name,
        type: body.type,
        ip: project.freeAddress(body.type === "ipv6" ? "ipv6" : "ipv4"),
        server: body.server ?? null,
        protection: { delete: false },
        labels: checkedLabels(body.labels),
      });
      return made({ floating_ip: showFloatingIp(address), action: null });
    },
  ],
  [
    "POST /load_balancers",
    ({ project, body }) => {
      project.refuseName("load_balancers", body.name);
      const balancer = project.add("load_balancers", {
        name: body.name,
        targets: body.targets ?? [],
        protection: { delete: false },
        labels: checkedLabels(body.labels),
      });
      return made({ load_balancer: showBalancer(balancer), action: null });
    },
  ],
  [
    "POST /servers/:/actions/create_image",
    ({ project, at: [id = ""], body }) => {
      const server = project.get("servers", id);
      const image = project.add("snapshots", {
        name: `snapshot-${id}`,
        description: body.description ?? "",
        server: server.id,
        protection: { delete: false },
        labels: checkedLabels(body.labels),
      });
      return made({ image: showSnapshot(image, project), action: null });
    },
  ],
  removal("floating_ips", "floating_ips"),
  removal("load_balancers", "load_balancers"),
  removal("snapshots", "images"),
];
