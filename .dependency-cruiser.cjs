// The boundaries of the house. A module's index.ts is its door; the pure modules touch nothing
// outside; only the modules that build for a cloud know constructs. See docs/decisions/0001.
const pure =
  "^modules/(input|instance|residency|sizing|sizing-report|network|blueprint|drawing|findings|policy|provider-schema|tree|host|tls|sandbox|rooms|issue-log|invitations|prosody|gate|focus|nginx|turn|bridge|monitor|render|keyring|enumeration)/";
const test = "\\.test\\.ts$|/testing\\.ts$";

/** @type {import("dependency-cruiser").IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: "door-only",
      comment: "Other modules import a module's index.ts, nothing behind it.",
      severity: "error",
      from: { path: "^modules/([^/]+)/", pathNot: test },
      to: { path: "^modules/([^/]+)/.+", pathNot: ["^modules/$1/", "^modules/[^/]+/index\\.ts$"] },
    },
    {
      name: "door-only-from-outside",
      comment: "cli, stacks and lab use modules through their doors, too.",
      severity: "error",
      from: { path: "^(cli|stacks|lab)/", pathNot: test },
      to: { path: "^modules/[^/]+/.+", pathNot: "^modules/[^/]+/index\\.ts$" },
    },
    {
      name: "pure",
      comment: "Pure modules: no I/O, no clock, no constructs, not even through another module.",
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
      from: { path: "^(modules|cli|lab)/", pathNot: [test, "^modules/(stack|openstack|hetzner)/"] },
      to: { path: "node_modules/(cdktf|constructs|@cdktf/provider-)|^providers/[^/]+/lib/" },
    },
    {
      name: "one-way",
      comment: "Modules don't know who uses them.",
      severity: "error",
      from: { path: "^modules/", pathNot: test },
      to: { path: "^(cli|stacks|lab)/" },
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
