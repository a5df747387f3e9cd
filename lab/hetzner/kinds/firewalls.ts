import { ApiError, invalid } from "../error.ts";
import type { Project, StoredObject } from "../project.ts";
import { checkedLabels, selector } from "../query.ts";
import { type Body, common, made, none, type Route, shownCommon } from "../route.ts";

const isRange = (text: unknown): boolean =>
  /^[0-9a-f:.]+\/\d{1,3}$/.test(String(text)) &&
  !/\/(?:12[9]|1[3-9]\d|[2-9]\d\d)$/.test(String(text));

function checkedRules(rules: unknown): unknown[] {
  return ((rules ?? []) as Body[]).map((rule) => {
    const { direction, protocol, port } = rule;
    if (!["in", "out"].includes(direction)) throw invalid("rules", "direction: in or out");
    if (!["tcp", "udp", "icmp", "esp", "gre"].includes(protocol))
      throw invalid("rules", "protocol: tcp, udp, icmp, esp or gre");
    const needsPort = protocol === "tcp" || protocol === "udp";
    const [, from, to] = /^(\d+)(?:-(\d+))?$/.exec(port ?? "") ?? [];
    const [low, high] = [Number(from), Number(to ?? from)];
    const valid = port === "any" || (low >= 1 && low <= high && high <= 65535);
    if (needsPort ? !valid : port != null) throw invalid("rules", `port: ${port}`);
    const ranges = (direction === "in" ? rule.source_ips : rule.destination_ips) ?? [];
    if (ranges.length === 0 || ranges.length > 100 || !ranges.every(isRange))
      throw invalid("rules", "1 to 100 ranges are needed");
    return {
      direction,
      protocol,
      port: port ?? null,
      description: rule.description ?? null,
      source_ips: direction === "in" ? ranges : [],
      destination_ips: direction === "out" ? ranges : [],
    };
  });
}

const isPublic = (server: StoredObject): boolean =>
  server["ipv4"] !== null || server["ipv6"] !== null;

const isPut = (firewall: StoredObject, server: StoredObject): boolean =>
  server["firewalls"].includes(firewall.id);

const selects = (text: string, server: StoredObject): boolean =>
  isPublic(server) && selector(text)(server.labels);

const selectorsOf = (firewall: StoredObject): string[] => firewall["selectors"] as string[];

/** Firewalls of a server: put on it, or by a selector that its labels meet. */
export const firewallsOn = (server: StoredObject, project: Project): StoredObject[] =>
  project
    .all("firewalls")
    .filter(
      (firewall) =>
        isPut(firewall, server) || selectorsOf(firewall).some((text) => selects(text, server)),
    );

const asServer = ({ id }: StoredObject) => ({ type: "server", server: { id } });

const appliedTo = (firewall: StoredObject, project: Project) => {
  const servers = project.all("servers");
  return [
    ...servers.filter((server) => isPut(firewall, server)).map(asServer),
    ...selectorsOf(firewall).map((text) => ({
      type: "label_selector",
      label_selector: { selector: text },
      applied_to_resources: servers.filter((server) => selects(text, server)).map(asServer),
    })),
  ];
};

const show = (firewall: StoredObject, project: Project) => ({
  ...shownCommon(firewall),
  rules: firewall["rules"],
  applied_to: appliedTo(firewall, project),
});

/** @throws ApiError when the firewall can't be put on the server. */
export function putOn(firewall: StoredObject, server: StoredObject): void {
  if (!isPublic(server))
    throw new ApiError("private_net_only_server", "the server has no public interface");
  if (!isPut(firewall, server)) server["firewalls"].push(firewall.id);
}

interface Named {
  readonly servers: readonly StoredObject[];
  readonly selectors: readonly string[];
}

/** What a request names: servers, and label selectors. @throws ApiError */
function named(project: Project, list: unknown): Named {
  const all = (list ?? []) as Body[];
  const of = (type: string): Body[] => all.filter((one) => one.type === type);
  if (all.some(({ type }) => type !== "server" && type !== "label_selector"))
    throw invalid("type", "server or label_selector is allowed");
  const selectors = of("label_selector").map((one) => String(one.label_selector?.selector));
  for (const text of selectors) selector(text);
  const servers = of("server").map((one) => {
    const found = project.all("servers").find(({ id }) => id === one.server?.id);
    if (!found) throw new ApiError("firewall_resource_not_found", "there is no such server");
    return found;
  });
  return { servers, selectors };
}

function apply(firewall: StoredObject, { servers, selectors }: Named): void {
  for (const server of servers) putOn(firewall, server);
  firewall["selectors"] = [...new Set([...selectorsOf(firewall), ...selectors])];
}

export const firewalls: readonly Route[] = [
  ...common("firewalls", "firewall", show),
  [
    "POST /firewalls",
    ({ project, body }) => {
      project.refuseName("firewalls", body.name);
      const rules = checkedRules(body.rules);
      const to = named(project, body.apply_to);
      const firewall = project.add("firewalls", {
        name: body.name,
        rules,
        selectors: [],
        protection: {},
        labels: checkedLabels(body.labels),
      });
      apply(firewall, to);
      const actions = [project.act("set_firewall_rules", ["firewall", firewall])];
      return made({ firewall: show(firewall, project), actions });
    },
  ],
  [
    "POST /firewalls/:/actions/set_rules",
    ({ project, at: [id = ""], body }) => {
      const firewall = project.get("firewalls", id);
      firewall["rules"] = checkedRules(body.rules);
      return made({ actions: [project.act("set_firewall_rules", ["firewall", firewall])] });
    },
  ],
  [
    "POST /firewalls/:/actions/apply_to_resources",
    ({ project, at: [id = ""], body }) => {
      const firewall = project.get("firewalls", id);
      apply(firewall, named(project, body.apply_to));
      return made({ actions: [project.act("apply_firewall", ["firewall", firewall])] });
    },
  ],
  [
    "POST /firewalls/:/actions/remove_from_resources",
    ({ project, at: [id = ""], body }) => {
      const firewall = project.get("firewalls", id);
      const { servers, selectors } = named(project, body.remove_from);
      for (const server of servers)
        server["firewalls"] = server["firewalls"].filter((one: number) => one !== firewall.id);
      firewall["selectors"] = selectorsOf(firewall).filter((text) => !selectors.includes(text));
      return made({ actions: [project.act("remove_firewall", ["firewall", firewall])] });
    },
  ],
  [
    "DELETE /firewalls/:",
    ({ project, at: [id = ""] }) => {
      const firewall = project.get("firewalls", id);
      if (appliedTo(firewall, project).length > 0)
        throw new ApiError("resource_in_use", "the firewall is still applied");
      project.remove("firewalls", firewall);
      return none();
    },
  ],
];
