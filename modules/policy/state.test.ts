import { describe, expect, it } from "vitest";
import { example, planned } from "../../lab/testing/examples.ts";
import { noUnnoticedDestruction } from "./rules/no-unnoticed-destruction.ts";
import { noUnnoticedInterruption } from "./rules/no-unnoticed-interruption.ts";
import { runningHostsAreKept } from "./rules/running-hosts-are-kept.ts";
import { stateIsProtected } from "./rules/state-is-protected.ts";
import { stateOutsideOutput } from "./rules/state-outside-output.ts";
import {
  AS_OF,
  asInput,
  becomes,
  body,
  bothWays,
  change,
  type Planted,
  subject,
} from "./testing.ts";

const SERVER = "openstack_compute_instance_v2";
const VOLUME = "openstack_blockstorage_volume_v3";
const FLOATING = "openstack_networking_floatingip_v2";
const PORT = "openstack_networking_port_v2";

const unprotect = (p: Planted, type: string, name: string, stack = "lab") => {
  delete body(p, type, name, stack).lifecycle.prevent_destroy;
  return subject(p, type, name, stack);
};

bothWays(stateIsProtected, () => example(), [
  [
    "a control host without protection",
    (p) => unprotect(p, SERVER, "control-1"),
    /prevent_destroy is not true/,
  ],
  [
    "a monitor host without protection",
    (p) => unprotect(p, SERVER, "monitor-1"),
    /prevent_destroy is not true/,
  ],
  [
    "a volume without protection",
    (p) => unprotect(p, VOLUME, "monitor-1"),
    /prevent_destroy is not true/,
  ],
  [
    "an address without protection",
    (p) => unprotect(p, FLOATING, "turn-2", "lab-addresses"),
    /prevent_destroy is not true/,
  ],
  [
    "protection in words only",
    (p) => {
      body(p, VOLUME, "control-1").lifecycle.prevent_destroy = "true";
      return subject(p, VOLUME, "control-1");
    },
    /prevent_destroy is not true/,
  ],
  [
    "a server that is of no known role",
    (p) => {
      body(p, SERVER, "bridge-1").tags = ["polder-part=vault-1"];
      return subject(p, SERVER, "bridge-1");
    },
    /holds state/,
  ],
]);

bothWays(stateIsProtected, () => example("lab-direct"), [
  [
    "a direct address without protection",
    (p) => unprotect(p, PORT, "edge-1", "lab-direct-addresses"),
    /prevent_destroy/,
  ],
]);

const REPLACED = { action_reason: "replace_because_cannot_update", replace_paths: [["user_data"]] };
const TAINTED = { action_reason: "replace_because_tainted" };
const REMOVED = { action_reason: "delete_because_no_resource_config" };
type Plans = ReturnType<typeof planned>;

/** The planned change becomes this; gives its subject. */
function turns(
  p: Plans,
  type: string,
  name: string,
  actions: string[],
  reason?: { readonly action_reason: string; readonly replace_paths?: string[][] },
  stack = "lab",
  powerState?: string,
): string {
  const found = change(p, type, name, stack);
  becomes(found, actions, powerState ? { power_state: powerState } : {}, reason);
  return `${stack}/${found.address}`;
}

/** Everything stands already, and the plan is to leave it. */
function settled(): Plans {
  const p = planned();
  for (const plan of p.plans.values()) for (const c of plan.resource_changes) becomes(c, ["no-op"]);
  return p;
}

bothWays(noUnnoticedDestruction, settled, [
  [
    "a volume that shrinks",
    (p) => {
      const found = change(p, VOLUME, "monitor-1");
      becomes(found, ["update"], { size: found.change.after.size + 27 });
      return `lab/${found.address}`;
    },
    /no volume can shrink \(90 to 63 GiB\): set retention.logVolumeGiB to 90/,
  ],
  [
    "the address of a control host that the Blueprint no longer has",
    (p) => {
      const found = turns(p, FLOATING, "control-1", ["delete"], REMOVED, "lab-addresses");
      for (const host of p.blueprint.hosts) if (host.id === "control-1") host.id = "control-9";
      return found;
    },
    /the plan deletes it/,
  ],
  [
    "a volume that goes",
    (p) => turns(p, VOLUME, "control-1", ["delete"], REMOVED),
    /the plan deletes it \(delete_because_no_resource_config\)$/,
  ],
  [
    "a volume that is replaced",
    (p) => turns(p, VOLUME, "monitor-1", ["delete", "create"], REPLACED),
    /the plan replaces it \(replace_because_cannot_update: user_data\)$/,
  ],
  [
    "a control host that is replaced the other way round",
    (p) => turns(p, SERVER, "control-1", ["create", "delete"], REPLACED),
    /the plan replaces it/,
  ],
  [
    "an address that goes",
    (p) => turns(p, FLOATING, "bridge-1", ["delete"], REMOVED, "lab-addresses"),
    /the plan deletes it/,
  ],
  [
    "a volume that Terraform forgets",
    (p) => turns(p, VOLUME, "control-1", ["forget"]),
    /the plan stops managing it/,
  ],
  [
    "protection that was lifted along with a plan that deletes",
    (p) => {
      unprotect(p, VOLUME, "control-1");
      return turns(p, VOLUME, "control-1", ["delete"], REMOVED);
    },
    /and its prevent_destroy was lifted/,
  ],
  [
    "a protected host that the Blueprint no longer has",
    (p) => {
      p.blueprint.hosts = p.blueprint.hosts.filter((h: { id: string }) => h.id !== "monitor-1");
      return turns(p, SERVER, "monitor-1", ["delete"], REMOVED);
    },
    /holds state and the plan deletes it/,
  ],
  [
    "a control host that gets a new image: nova rebuilds it",
    (p) => {
      const found = change(p, SERVER, "control-1");
      becomes(found, ["update"], { image_name: "debian-12" });
      return `lab/${found.address}`;
    },
    /the plan rebuilds it: image_name changes/,
  ],
]);

bothWays(noUnnoticedInterruption, settled, [
  [
    "a running bridge that somebody tainted",
    (p) => turns(p, SERVER, "bridge-1", ["delete", "create"], TAINTED, "lab", "active"),
    /the plan replaces it/,
  ],
  [
    "a bridge that is replaced",
    (p) => turns(p, SERVER, "bridge-1", ["delete", "create"], REPLACED),
    /the plan replaces it \(replace_because_cannot_update: user_data\): wait until no meeting runs on it/,
  ],
  [
    "a relay that goes though the Blueprint has it",
    (p) => turns(p, SERVER, "turn-1", ["delete"], REMOVED),
    /the plan deletes it/,
  ],
  [
    "a port that is replaced",
    (p) => turns(p, PORT, "control-1", ["delete", "create"], REPLACED),
    /the plan replaces it/,
  ],
  [
    "a router that is replaced",
    (p) => turns(p, "openstack_networking_router_v2", "router", ["delete", "create"], REPLACED),
    /the plan replaces it/,
  ],
  [
    "a router that is let go",
    (p) => turns(p, "openstack_networking_router_v2", "router", ["forget"]),
    /stops managing it/,
  ],
  [
    "a zone of names that goes",
    (p) => turns(p, "openstack_dns_zone_v2", "dns", ["delete"], REMOVED),
    /the plan deletes it/,
  ],
  [
    "a bridge that gets a new image",
    (p) => {
      const found = change(p, SERVER, "bridge-2");
      becomes(found, ["update"], { image_name: "debian-12" });
      return `lab/${found.address}`;
    },
    /rebuilds it: image_name changes/,
  ],
  [
    "a control host that gets another size",
    (p) => {
      const found = change(p, SERVER, "control-1");
      becomes(found, ["update"], { flavor_name: "lab.small" });
      return `lab/${found.address}`;
    },
    /resizes it .*flavor_name changes/,
  ],
  [
    "a volume that vanished from the cloud",
    (p) => {
      const { address } = change(p, VOLUME, "control-1");
      const gone = {
        address,
        mode: "managed",
        type: VOLUME,
        change: { actions: ["delete"], before: {}, after: null },
      };
      p.plans.get("lab").resource_drift = [gone];
      return `lab/${address}`;
    },
    /gone from the cloud/,
  ],
]);

describe("no-unnoticed-interruption lets through", () => {
  const fails = (p: Plans) =>
    [noUnnoticedDestruction, noUnnoticedInterruption]
      .flatMap((rule) => rule.check(asInput(p), AS_OF))
      .filter((finding) => finding.verdict === "fail");
  const GROUP = "openstack_compute_servergroup_v2";
  it.each([
    [
      "a bridge that never came up",
      (p: Plans) => turns(p, SERVER, "bridge-1", ["delete", "create"], TAINTED, "lab", "error"),
    ],
    [
      "another placement policy",
      (p: Plans) => turns(p, GROUP, "placement-bridge", ["delete", "create"], REPLACED),
    ],
    [
      "the address of a host that the Blueprint no longer has",
      (p: Plans) => {
        const found = turns(p, FLOATING, "bridge-2", ["delete"], REMOVED, "lab-addresses");
        p.blueprint.hosts = p.blueprint.hosts.filter(({ id }: { id: string }) => id !== "bridge-2");
        return found;
      },
    ],
  ])("%s", (_, plant) => {
    const planted = settled();
    plant(planted);
    expect(fails(planted)).toEqual([]);
  });
});

bothWays(runningHostsAreKept, () => example(), [
  ...["user_data", "image_id", "image_name", "scheduler_hints"].map(
    (name) =>
      [
        `a server that follows ${name}`,
        (p: Planted) => {
          const { lifecycle } = body(p, SERVER, "bridge-1");
          lifecycle.ignore_changes = lifecycle.ignore_changes.filter((n: string) => n !== name);
          return subject(p, SERVER, "bridge-1");
        },
        new RegExp(`lacks ${name}`),
      ] as const,
  ),
  [
    "a server that ignores everything",
    (p) => {
      body(p, SERVER, "turn-1").lifecycle.ignore_changes = "all";
      return Array(5).fill(subject(p, SERVER, "turn-1")) as string[];
    },
    /lacks|got \["all"\]/,
  ],
  [
    "a port that hides drift",
    (p) => {
      body(p, PORT, "control-1").lifecycle = { ignore_changes: ["security_group_ids"] };
      return subject(p, PORT, "control-1");
    },
    /allowed: none/,
  ],
  [
    "a server that goes with another resource",
    (p) => {
      body(p, SERVER, "turn-1").lifecycle.replace_triggered_by = [
        "openstack_networking_router_v2.router",
      ];
      return subject(p, SERVER, "turn-1");
    },
    /replace_triggered_by/,
  ],
]);

bothWays(runningHostsAreKept, () => example("lab-direct"), [
  [
    "a reserved port that hides more than was handed over",
    (p) => {
      body(p, PORT, "turn-1", "lab-direct-addresses").lifecycle.ignore_changes.push(
        "port_security_enabled",
      );
      return subject(p, PORT, "turn-1", "lab-direct-addresses");
    },
    /allowed: security_group_ids, no_security_groups/,
  ],
]);

const backend = (p: Planted, written: unknown, stack = "lab") => {
  p.stacks.get(stack).terraform.backend = written;
  return stack;
};
const local = (path: string) => ({ local: { path } });

bothWays(stateOutsideOutput, () => example(), [
  ["no backend", (p) => backend(p, undefined), /got 0 backends/],
  ["two backends", (p) => backend(p, { ...local("x"), http: {} }), /got 2 backends/],
  [
    "another backend than the file names",
    (p) => backend(p, { http: { address: "https://x.example" } }),
    /instance file says local/,
  ],
  ["an absolute path", (p) => backend(p, local("/root/lab.tfstate")), /a relative path is allowed/],
  [
    "a path of this machine by an expression",
    (p) => backend(p, local("${path.cwd}/../../../x/lab.tfstate")),
    /a relative path is allowed/,
  ],
  [
    "a path beside the document",
    (p) => backend(p, local("lab.tfstate")),
    /inside the output folder/,
  ],
  [
    "a path too few steps up",
    (p) => backend(p, local("../../lab.tfstate")),
    /inside the output folder/,
  ],
  [
    "a path that goes up and down again",
    (p) => backend(p, local("../../../x/../lab.tfstate")),
    /inside the output folder/,
  ],
  [
    "a path in the build folder",
    (p) => backend(p, local("../../../build/lab/lab.tfstate")),
    /build is emptied/,
  ],
  [
    "a path in another app's output",
    (p) => backend(p, local("../../../cdktf.out/lab.tfstate")),
    /cdktf\.out is emptied/,
  ],
  [
    "another stack's state",
    (p) => backend(p, local("../../../instances/lab/state/lab.tfstate"), "lab-addresses"),
    /must end in lab-addresses\.tfstate/,
  ],
  [
    "settings that nobody asked for",
    (p) => backend(p, { local: { path: "../../../i/lab.tfstate", workspace_dir: "w" } }),
    /backend sets workspace_dir/,
  ],
  [
    "somebody else's cloud",
    (p) => {
      p.stacks.get("lab").terraform.cloud = { organization: "x" };
      return "lab";
    },
    /a cloud block/,
  ],
]);

const address = "https://terraform.uitvoeringsdienst.example/state/uitvoerder";
const http = (over: object) => ({
  http: {
    address,
    lock_address: `${address}/lock`,
    unlock_address: `${address}/lock`,
    lock_method: "LOCK",
    unlock_method: "UNLOCK",
    ...over,
  },
});

bothWays(stateOutsideOutput, () => example("uitvoerder"), [
  [
    "a state without TLS",
    (p) => backend(p, http({ address: address.replace("https", "http") }), "uitvoerder"),
    /over HTTPS/,
  ],
  [
    "a state at another server",
    (p) => backend(p, http({ address: "https://elsewhere.example/uitvoerder" }), "uitvoerder"),
    /address: got https:\/\/elsewhere/,
  ],
  [
    "a state without lock",
    (p) => backend(p, http({ lock_address: undefined }), "uitvoerder"),
    /lock_address: got nothing/,
  ],
  [
    "another method for locks than the file names",
    (p) => backend(p, http({ lock_method: "POST" }), "uitvoerder"),
    /lock_method: got "POST", the instance file says LOCK/,
  ],
  [
    "a password in the backend",
    (p) => backend(p, http({ password: "x" }), "uitvoerder"),
    /backend sets password/,
  ],
  [
    "certificates that nobody checks",
    (p) => backend(p, http({ skip_cert_verification: true }), "uitvoerder"),
    /backend sets skip_cert_verification/,
  ],
]);
