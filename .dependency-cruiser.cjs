// The boundaries of the house. modules/ has wings, and a wing has rooms; policy and workspace are wings of one room.
// A room's index.ts is its door. The pure ones touch nothing outside; only the rooms that build for a cloud know
// constructs. docs/architecture.md says what a wing is for. See docs/decisions/0001.
const pure =
  "^modules/(planning|meetings|hosts|policy|reports|common/(input|findings|norms)|clouds/provider-schema|secrets/keyring|verification/enumeration)/";
const test = "\\.test\\.ts$|/testing\\.ts$";
const room = "(policy|workspace|[^/]+/[^/]+)";

/** What the rooms of a wing may import beside their own wing; common to all is modules/common. */
const MAY_IMPORT = {
  common: [],
  planning: [],
  meetings: ["planning"],
  reports: ["planning"],
  clouds: ["planning"],
  policy: ["planning", "clouds/provider-schema"],
  workspace: ["planning", "meetings"],
  hosts: ["planning", "meetings"],
  secrets: ["planning", "meetings", "workspace"],
  verification: ["planning", "meetings", "hosts"],
  operations: [
    "planning",
    "meetings",
    "clouds",
    "policy",
    "workspace",
    "hosts",
    "secrets",
    "verification",
  ],
};
const wings = Object.entries(MAY_IMPORT).map(([wing, others]) => ({
  name: `wing-${wing}`,
  comment: "Wings know those below them, so that a reader of one needs no other.",
  severity: "error",
  from: { path: `^modules/${wing}/`, pathNot: test },
  to: { path: "^modules/", pathNot: `^modules/(${[wing, "common", ...others].join("|")})/` },
}));
const helpers = Object.entries(MAY_IMPORT).map(([wing, others]) => ({
  name: `helpers-${wing}`,
  comment:
    "Test helpers climb no more than the product does, but for polder's own data. What needs all of it is in lab/testing.",
  severity: "error",
  from: { path: [`^modules/${wing}/testing\\.ts$`, `^modules/${wing}/.+/testing\\.ts$`] },
  to: {
    path: "^(modules|stacks|cli|lab)/",
    pathNot: `^modules/(${[wing, "common", "workspace", ...others].join("|")})/`,
  },
}));

/** The folders of a cloud: constructs, API, and how the policy reads it. */
const CLOUDS = ["openstack", "hetzner"];
const clouds = CLOUDS.map((cloud) => ({
  name: `cloud-${cloud}`,
  comment:
    "A cloud's folders know no other cloud, so that a third one is folders and lines of lists.",
  severity: "error",
  from: { path: `^modules/(clouds|policy)/${cloud}(-api)?/`, pathNot: test },
  to: { path: `/(${CLOUDS.filter((other) => other !== cloud).join("|")})(-api)?/` },
}));

/** @type {import("dependency-cruiser").IConfiguration} */
module.exports = {
  forbidden: [
    ...wings,
    ...helpers,
    ...clouds,
    {
      name: "clouds-by-their-lists",
      comment: "Only the two lists of clouds lead to a cloud's own folders.",
      severity: "error",
      from: {
        path: "^(modules|stacks|cli)/",
        pathNot: [
          test,
          "^modules/clouds/(openstack|hetzner)(-api)?/",
          "^modules/clouds/known-clouds/known-clouds\\.ts$",
          "^stacks/instance-stacks\\.ts$",
        ],
      },
      to: { path: "^modules/clouds/(openstack|hetzner)(-api)?/" },
    },
    {
      name: "door-only",
      comment: "Other rooms import a room's index.ts, nothing behind it.",
      severity: "error",
      from: { path: `^modules/${room}/`, pathNot: test },
      to: {
        path: `^modules/${room}/.+`,
        pathNot: ["^modules/$1/", `^modules/${room}/index\\.ts$`],
      },
    },
    {
      name: "door-only-from-outside",
      comment: "cli, stacks and lab use rooms through their doors, too.",
      severity: "error",
      from: { path: "^(cli|stacks|lab)/", pathNot: test },
      to: {
        path: `^modules/${room}/.+`,
        pathNot: [`^modules/${room}/index\\.ts$`, "/testing\\.ts$"],
      },
    },
    {
      name: "helpers-for-tests",
      comment: "Nothing that runs for a user rests on a test helper.",
      severity: "error",
      from: { path: "^(modules|stacks|cli)/", pathNot: test },
      to: { path: "/testing\\.ts$|^lab/testing/" },
    },
    {
      name: "pure",
      comment: "Pure rooms: no I/O, no clock, no constructs, not even through another room.",
      severity: "error",
      from: { path: pure, pathNot: test },
      to: {
        path: "^(node:)?(fs|fs/promises|child_process|net|http|https|os|process|timers)$|node_modules/(cdktf|constructs|cdktn)/",
        reachable: true,
      },
    },
    {
      name: "constructs-stay-in-clouds",
      comment: "Only the cloud modules and the composition root know constructs.",
      severity: "error",
      from: {
        path: "^(modules|cli|lab)/",
        pathNot: [test, "^modules/clouds/(stack|openstack|hetzner)/"],
      },
      to: { path: "node_modules/(cdktf|constructs|@cdktf/provider-)|^providers/[^/]+/lib/" },
    },
    {
      name: "plan-readers-know-no-stack",
      comment: "What reads a plan or asks a cloud's API can't ask the stack what it meant.",
      severity: "error",
      from: {
        path: "^modules/(clouds|policy)/",
        pathNot: [test, "^modules/clouds/(stack|openstack|hetzner)/"],
      },
      to: { path: "^modules/clouds/(stack|openstack|hetzner)/" },
    },
    {
      name: "one-way",
      comment: "Modules don't know who uses them.",
      severity: "error",
      from: { path: "^modules/", pathNot: test },
      to: { path: "^(cli|stacks|lab)/" },
    },
    {
      name: "product-imports-no-lab",
      comment:
        "What the lab gives is handed in as one value, made in cli/testbed.ts; `polder lab` is the lab's own.",
      severity: "error",
      from: {
        path: "^(modules|stacks|cli)/",
        pathNot: [test, "^cli/testbed\\.ts$", "^cli/commands/lab\\.ts$"],
      },
      to: { path: "^lab/" },
    },
    { name: "no-cycles", severity: "error", from: {}, to: { circular: true } },
    {
      name: "lab-knows-no-product",
      comment: "The lab would serve any project; only its tests know polder.",
      severity: "error",
      from: { path: "^lab/(cloud|hypervisor|hetzner)/", pathNot: test },
      to: { path: "^(modules|stacks|cli)/" },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules|^providers/[^/]+/lib/" },
    tsConfig: { fileName: "tsconfig.json" },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["import", "types", "default"],
      extensions: [".ts", ".js"],
    },
  },
};
