import { setTimeout as sleep } from "node:timers/promises";
import { Api, type Json, text } from "../cloud/api.ts";
import { readPasswords } from "../cloud/credentials.ts";
import { labPaths } from "../cloud/paths.ts";
import { lastNet } from "../cloud/state.ts";

/** A network of a project with its router. */
export interface Net {
  readonly id: string;
  readonly subnets: readonly string[];
}

export interface Machine {
  readonly id: string;
  readonly name: string;
  readonly port: string;
}

/** What a plain member does over the API; `clear` takes all of it away. */
export class Member {
  private readonly api: Api;

  private constructor(api: Api) {
    this.api = api;
  }

  static async open(folder: string, project: string): Promise<Member> {
    const paths = labPaths(folder);
    return new Member(
      await Api.open({
        host: lastNet(paths)?.lab ?? "",
        user: project,
        password: readPasswords(paths)?.projects[project] ?? "",
        project,
      }),
    );
  }

  private async make(kind: string, path: string, body: Json): Promise<Json> {
    const answer = await this.api.ask("network", "POST", `/v2.0/${path}`, { [kind]: body });
    return answer[kind] as Json;
  }

  private mine(path: string): Promise<Json[]> {
    const query = `project_id=${this.api.projectId}`;
    return this.api.list("network", `/v2.0/${path}?${query}`, path.replaceAll("-", "_"));
  }

  async networkId(name: string): Promise<string> {
    const [found] = await this.api.list("network", `/v2.0/networks?name=${name}`, "networks");
    return text(found, "id");
  }

  /** A network with these ranges behind a router of its own. */
  async network(cidrs: readonly string[]): Promise<Net> {
    const id = text(await this.make("network", "networks", { name: "net" }), "id");
    const external_gateway_info = { network_id: await this.networkId("public") };
    const router = await this.make("router", "routers", { name: "r", external_gateway_info });
    const subnets = [];
    for (const cidr of cidrs) {
      const v6 = cidr.includes(":");
      const stateful = "dhcpv6-stateful";
      const modes = v6 ? { ipv6_address_mode: stateful, ipv6_ra_mode: stateful } : {};
      const body = { network_id: id, cidr, ip_version: v6 ? 6 : 4, ...modes };
      const subnet = text(await this.make("subnet", "subnets", body), "id");
      const path = `/v2.0/routers/${text(router, "id")}/add_router_interface`;
      await this.api.ask("network", "PUT", path, { subnet_id: subnet });
      subnets.push(subnet);
    }
    return { id, subnets };
  }

  /** A security group without any rule. */
  async group(name: string): Promise<string> {
    const group = await this.make("security_group", "security-groups", { name });
    for (const rule of group["security_group_rules"] as Json[]) await this.revoke(text(rule, "id"));
    return text(group, "id");
  }

  /** Lets something through. @returns the rule's id */
  async allow(
    group: string,
    direction: "ingress" | "egress",
    rest: Json = {},
    ethertype = "IPv4",
  ): Promise<string> {
    const body = { security_group_id: group, direction, ethertype, ...rest };
    return text(await this.make("security_group_rule", "security-group-rules", body), "id");
  }

  async revoke(rule: string): Promise<void> {
    await this.api.ask("network", "DELETE", `/v2.0/security-group-rules/${rule}`);
  }

  async port(network: string, group: string, addresses: readonly Json[] = []): Promise<Json> {
    const fixed = addresses.length > 0 ? { fixed_ips: addresses } : {};
    return this.make("port", "ports", { network_id: network, security_groups: [group], ...fixed });
  }

  async server(name: string, port: Json, userData: string): Promise<Machine> {
    const named = async (service: "compute" | "image", path: string, key: string, one: string) =>
      text(
        (await this.api.list(service, path, key)).find((found) => found["name"] === one),
        "id",
      );
    const server = {
      name,
      imageRef: await named("image", "/v2/images", "images", "debian-13"),
      flavorRef: await named("compute", "/flavors", "flavors", "lab.small"),
      networks: [{ port: text(port, "id") }],
      user_data: Buffer.from(userData).toString("base64"),
    };
    const made = await this.api.ask("compute", "POST", "/servers", { server });
    return { id: text(made["server"] as Json, "id"), name, port: text(port, "id") };
  }

  async status(server: Machine): Promise<string> {
    const answer = await this.api.ask("compute", "GET", `/servers/${server.id}`);
    return text(answer["server"] as Json, "status");
  }

  async act(server: Machine, action: Json): Promise<void> {
    await this.api.ask("compute", "POST", `/servers/${server.id}/action`, action);
  }

  async remove(server: Machine): Promise<void> {
    await this.api.ask("compute", "DELETE", `/servers/${server.id}`);
  }

  /** A public address for a port. */
  async floating(port: string): Promise<string> {
    const body = { floating_network_id: await this.networkId("public"), port_id: port };
    return text(await this.make("floatingip", "floatingips", body), "floating_ip_address");
  }

  /** A volume of 1 GiB, attached. */
  async volume(server: Machine): Promise<string> {
    const path = `/${this.api.projectId}/volumes`;
    const made = await this.api.ask("volumev3", "POST", path, { volume: { size: 1 } });
    const id = text(made["volume"] as Json, "id");
    for (let status = ""; status !== "available"; ) {
      const answer = await this.api.ask("volumev3", "GET", `${path}/${id}`);
      status = text(answer["volume"] as Json, "status");
    }
    const attachment = { volumeAttachment: { volumeId: id } };
    await this.api.ask(
      "compute",
      "POST",
      `/servers/${server.id}/os-volume_attachments`,
      attachment,
    );
    return id;
  }

  /** Removes all that the project has; what an earlier run has left, too. */
  async clear(): Promise<void> {
    const { api } = this;
    const tidy = (service: "network" | "compute" | "volumev3", path: string) =>
      api.call(service, "DELETE", path);
    const servers = await api.list("compute", "/servers", "servers");
    for (const one of servers) await tidy("compute", `/servers/${text(one, "id")}`);
    while ((await api.list("compute", "/servers", "servers")).length > 0) await sleep(500);
    const volumes = `/${api.projectId}/volumes`;
    for (const one of await api.list("volumev3", volumes, "volumes"))
      await tidy("volumev3", `${volumes}/${text(one, "id")}`);
    for (const one of await this.mine("floatingips"))
      await tidy("network", `/v2.0/floatingips/${text(one, "id")}`);
    const ports = await this.mine("ports");
    for (const one of ports) {
      const [id, router] = [text(one, "id"), text(one, "device_id")];
      if (!text(one, "device_owner").startsWith("network:router_interface")) continue;
      const path = `/v2.0/routers/${router}/remove_router_interface`;
      await api.call("network", "PUT", path, { port_id: id });
    }
    for (const kind of ["routers", "ports", "networks", "security-groups"])
      for (const one of await this.mine(kind))
        if (one["name"] !== "default") await tidy("network", `/v2.0/${kind}/${text(one, "id")}`);
  }
}
