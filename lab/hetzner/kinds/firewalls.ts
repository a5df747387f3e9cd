import { ApiError, invalid } from "../error.ts";
import type { Kept, Project } from "../project.ts";
import { checkedLabels } from "../query.ts";
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
      ...{ direction, protocol, port: port ?? null, description: rule.description ?? null },
      source_ips: direction === "in" ? ranges : [],
      destination_ips: direction === "out" ? ranges : [],
    };
  });
}

const serversOf = (firewall: Kept, project: Project): Kept[] =>
  project.all("servers").filter((server) => server["firewalls"].includes(firewall.id));

const show = (firewall: Kept, project: Project) => ({
  ...shownCommon(firewall),
  rules: firewall["rules"],
  applied_to: serversOf(firewall, project).map(({ id }) => ({ type: "server", server: { id } })),
});

/** @throws ApiError when the firewall can't be put on the server. */
export function putOn(firewall: Kept, server: Kept): void {
  if (server["ipv4"] === null && server["ipv6"] === null)
    throw new ApiError("private_net_only_server", "the server has no public interface");
  if (!server["firewalls"].includes(firewall.id)) server["firewalls"].push(firewall.id);
}

/** The servers that a request names. */
function named(project: Project, list: unknown): Kept[] {
  return ((list ?? []) as Body[]).map((one) => {
    if (one.type !== "server")
      throw invalid("apply_to", "the stand-in takes servers, no label selectors");
    return project.get("servers", one.server.id);
  });
}

export const firewalls: readonly Route[] = [
  ...common("firewalls", "firewall", show),
  [
    "POST /firewalls",
    ({ project, body }) => {
      project.refuseName("firewalls", body.name);
      const rules = checkedRules(body.rules);
      const servers = named(project, body.apply_to);
      const firewall = project.add("firewalls", {
        ...{ name: body.name, rules, protection: {}, labels: checkedLabels(body.labels) },
      });
      for (const server of servers) putOn(firewall, server);
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
      const servers = named(project, body.apply_to);
      for (const server of servers) putOn(firewall, server);
      return made({ actions: [project.act("apply_firewall", ["firewall", firewall])] });
    },
  ],
  [
    "POST /firewalls/:/actions/remove_from_resources",
    ({ project, at: [id = ""], body }) => {
      const firewall = project.get("firewalls", id);
      for (const server of named(project, body.remove_from))
        server["firewalls"] = server["firewalls"].filter((one: number) => one !== firewall.id);
      return made({ actions: [project.act("remove_firewall", ["firewall", firewall])] });
    },
  ],
  [
    "DELETE /firewalls/:",
    ({ project, at: [id = ""] }) => {
      const firewall = project.get("firewalls", id);
      if (serversOf(firewall, project).length > 0)
        throw new ApiError("resource_in_use", "the firewall is still applied");
      project.remove("firewalls", firewall);
      return none();
    },
  ],
];
