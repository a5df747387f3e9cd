import type { Duplex } from "node:stream";
import {
  type Blueprint,
  type Flow,
  type Host,
  hostsWith,
  instancePorts,
  namesBelow,
  PORTS,
} from "../../planning/blueprint/index.ts";
import type { Dial } from "./dial.ts";
import type { Context } from "./probe.ts";
import { XmppClient } from "./xmpp/client.ts";

/** A service that speaks TLS, and from where it is asked. */
export interface Service {
  readonly host: Host;
  readonly name: "web" | "turn" | "xmpp" | "journal" | "signalling";
  readonly port: number;
  /** The name that its certificate must be for. */
  readonly tlsName: string;
  /** The host that is allowed to connect; absent: anybody is. */
  readonly from?: Host;
}

export const hostsOf = (blueprint: Blueprint, role?: Host["role"]): Host[] =>
  role === undefined ? [...blueprint.hosts] : hostsWith(blueprint, role);

/** Public addresses of a host, IPv4 first. */
export const publicAddresses = (host: Host): string[] =>
  [host.publicAddress?.ipv4, host.publicAddress?.ipv6].filter((one) => one !== undefined);

/** Flows that end at a host's role, from a kind of peer or from all. */
export const flowsTo = (
  blueprint: Blueprint,
  host: Host,
  protocol: Flow["protocol"],
  from?: Flow["from"]["kind"],
): Flow[] =>
  blueprint.flows.filter(
    (flow) =>
      flow.to.kind === "role" &&
      flow.to.role === host.role &&
      flow.protocol === protocol &&
      (from === undefined || flow.from.kind === from),
  );

/** Ports of flows, each once, in order. */
export const portsOf = (flows: readonly Flow[]): number[] =>
  [
    ...new Set(
      flows.flatMap(({ ports: [from, to] }) =>
        Array.from({ length: to - from + 1 }, (_, i) => from + i),
      ),
    ),
  ].sort((a, b) => a - b);

/** The domain of Prosody's accounts of hosts. */
export const authDomain = ({ domain }: Blueprint): string => namesBelow(domain).auth;

/** A bridge that belongs to a control host: its shard's first. */
export const bridgeOf = (blueprint: Blueprint, control: Host): Host | undefined =>
  hostsOf(blueprint, "bridge").find(({ shard }) => shard === control.shard);

/** All services that speak TLS; the subjects of the group `tls`. */
export function services(blueprint: Blueprint): Service[] {
  const { turnTls } = instancePorts(blueprint);
  return hostsOf(blueprint).flatMap((host): Service[] => {
    const bridge = bridgeOf(blueprint, host);
    const [control] = hostsOf(blueprint, "control");
    const other = hostsOf(blueprint, "control").find(({ id }) => id !== host.id);
    const all: Partial<Record<Host["role"], Service[]>> = {
      control: [
        { host, name: "web", port: PORTS.https, tlsName: blueprint.domain },
        ...(bridge
          ? [{ host, name: "xmpp", port: PORTS.xmpp, tlsName: host.name, from: bridge } as const]
          : []),
        ...(other
          ? [
              {
                host,
                name: "signalling",
                port: PORTS.signalling,
                tlsName: host.name,
                from: other,
              } as const,
            ]
          : []),
      ],
      turn: [{ host, name: "turn", port: turnTls, tlsName: namesBelow(blueprint.domain).turn }],
      monitor: control
        ? [{ host, name: "journal", port: PORTS.journal, tlsName: host.name, from: control }]
        : [],
    };
    return host.roles.flatMap((role) => all[role] ?? []);
  });
}

export const subjectOf = ({ host, name }: Service): string => `${host.id} ${name}`;

export function serviceOf(blueprint: Blueprint, subject: string): Service {
  const service = services(blueprint).find((one) => subjectOf(one) === subject);
  if (!service) throw new Error(`no service ${subject}`);
  return service;
}

/** The authority that a service's certificate must come from, PEM; absent: a public one. */
export function authorityOf(service: Service, { blueprint, secret }: Context): string | undefined {
  if (service.from !== undefined || blueprint.certificates.source === "instance-ca")
    return secret("ca/instance.crt");
  return undefined;
}

/** A connection to an inner service from the host that may connect, at the point where TLS begins. */
export function dialInner(service: Service, context: Context): Dial {
  const { host, port, from } = service;
  if (!from) throw new Error(`${subjectOf(service)} is reached from outside`);
  return async (): Promise<Duplex> => {
    const stream = await context.admin.dial(from.id, host.ipv4, port);
    if (service.name !== "xmpp") return stream;
    const client = new XmppClient(stream);
    await client.open(authDomain(context.blueprint));
    await client.startTls();
    return client.release();
  };
}
