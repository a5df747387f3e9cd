import type { Command } from "commander";
import { TOOLKIT, WORKSPACE } from "../modules/common/toolkit/index.ts";

interface Listed {
  readonly name: string;
  /** One line for the list of commands. */
  readonly does: string;
  readonly load: () => Promise<Command>;
  /** Whether what it works with comes with a checkout alone. */
  readonly inCheckout?: true;
}

const ALL: readonly Listed[] = [
  {
    name: "new",
    does: "Make a new instance: asks for what is needed, writes a commented instance.yaml",
    load: async () => (await import("./commands/new.ts")).newCommand(),
  },
  {
    name: "show",
    does: "Print what an instance will be: hosts, addresses, flows, and why",
    load: async () => (await import("./commands/show.ts")).showCommand(),
  },
  {
    name: "size",
    does: "Plan hosts and hardware for the demand: how many, how large, what decided, what it costs",
    load: async () => (await import("./commands/size.ts")).sizeCommand(),
  },
  {
    name: "residency",
    does: "Print for each location which profiles accept it today, and the fact that decided",
    load: async () => (await import("./commands/residency.ts")).residencyCommand(),
  },
  {
    name: "schema",
    does: "Print the JSON Schema of the instance file, or of another beside it, for editors",
    load: async () => (await import("./commands/schema.ts")).schemaCommand(),
  },
  {
    name: "plan",
    does: "Plan an instance's changes, evaluate them by the policy, record them for `polder apply`",
    load: async () => (await import("./commands/plan.ts")).planCommand(),
  },
  {
    name: "review",
    does: "Explain what the last plan does in plain words, beside the risk, for whoever approves it",
    load: async () => (await import("./commands/review.ts")).reviewCommand(),
  },
  {
    name: "approve",
    does: "Sign the plan that you reviewed with your SSH key",
    load: async () => (await import("./commands/approve.ts")).approveCommand(),
  },
  {
    name: "apply",
    does: "Apply exactly the plan that `polder plan` recorded, after evaluating it again as of today",
    load: async () => (await import("./commands/apply.ts")).applyCommand(),
  },
  {
    name: "render",
    does: "Write every file that hosts will have, secrets as named references, to be read",
    load: async () => (await import("./commands/render.ts")).renderCommand(),
  },
  {
    name: "packages",
    does: "Pin the release of Jitsi that an instance runs, by the digests of its packages",
    load: async () => (await import("./commands/packages.ts")).packagesCommand(),
  },
  {
    name: "mirror",
    does: "Fill a folder with all that a site without internet needs, or check one",
    load: async () => (await import("./commands/mirror.ts")).mirrorCommand(),
  },
  {
    name: "addresses",
    does: "Record the public addresses that the cloud chose in the instance's addresses.yaml",
    load: async () => (await import("./commands/addresses.ts")).addressesCommand(),
  },
  {
    name: "converge",
    does: "Bring the hosts to what was rendered: packages, people, files, services",
    load: async () => (await import("./commands/converge.ts")).convergeCommand(),
  },
  {
    name: "upgrade",
    does: "Do the pending restarts, one host after the other, without cutting meetings off",
    load: async () => (await import("./commands/upgrade.ts")).upgradeCommand(),
  },
  {
    name: "keys",
    does: "Manage the instance's secrets: who can open them, list them, make and replace them",
    load: async () => (await import("./commands/keys.ts")).keysCommand(),
  },
  {
    name: "invite",
    does: "Issue a meeting: a room that nobody can guess, and links that let people in",
    load: async () => (await import("./commands/invite.ts")).inviteCommand(),
  },
  {
    name: "revoke",
    does: "Revoke a link, or a whole meeting, and end its sessions",
    load: async () => (await import("./commands/revoke.ts")).revokeCommand(),
  },
  {
    name: "probe",
    does: "Attack a running instance from outside, and look at its hosts from inside",
    load: async () => (await import("./commands/probe.ts")).probeCommand(),
  },
  {
    name: "drift",
    does: "Report what differs from the instance's files: in the cloud, and on the hosts",
    load: async () => (await import("./commands/drift.ts")).driftCommand(),
  },
  {
    name: "history",
    does: "Print the history of an instance, and find what was changed in it later",
    load: async () => (await import("./commands/history.ts")).historyCommand(),
  },
  {
    name: "audit",
    does: "Evaluate what somebody handed over, without credential or network: a folder, or any plan",
    load: async () => (await import("./commands/audit.ts")).auditCommand(),
  },
  {
    name: "evidence",
    does: "Make one signed folder that shows the state of a release, or find what was changed in one",
    load: async () => (await import("./commands/evidence.ts")).evidenceCommand(),
  },
  {
    name: "rules",
    does: "List the policy's rules: level, what each protects, its norm and edition",
    load: async () => (await import("./commands/rules.ts")).rulesCommand(),
  },
  {
    name: "decommission",
    does: "End an instance: lift the protection, destroy it, list what the cloud still holds",
    load: async () => (await import("./commands/decommission.ts")).decommissionCommand(),
  },
  {
    name: "lab",
    does: "A real OpenStack on your own machine, to deploy instances to",
    load: async () => (await import("./commands/lab.ts")).labCommand(),
    inCheckout: true,
  },
  {
    name: "setup",
    does: "Install the pinned Terraform providers and Ansible into build/, if you installed polder by npm",
    load: async () => (await import("./commands/setup.ts")).setupCommand(),
  },
  {
    name: "synth",
    does: "Write the stacks as Terraform JSON: the app of cdktf.json",
    load: async () => (await import("./commands/synth.ts")).synthCommand(),
  },
  {
    name: "env",
    does: 'Print what cdktf and terraform need in their environment: eval "$(polder env)"',
    load: async () => (await import("./commands/env.ts")).envCommand(),
  },
  {
    name: "completion",
    does: "Print what completes commands, options and instances in bash or zsh",
    load: async () =>
      (await import("./commands/completion.ts")).completionCommand(() =>
        Promise.all(COMMANDS.map(({ load }) => load())),
      ),
  },
];

/** Every command that is there, in the order of `polder --help`. */
export const COMMANDS = ALL.filter(({ inCheckout }) => !inCheckout || TOOLKIT === WORKSPACE);
