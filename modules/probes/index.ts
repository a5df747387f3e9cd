export type { Admin, AdminOptions, Ran } from "./admin.ts";
export { PROBES } from "./catalogue.ts";
export { isListed, loadNotTested, type NotTested } from "./not-tested.ts";
export { type Outside, startWorker, type Worker, workerCommand } from "./outside.ts";
export { type Context, GROUPS, type Group, type Probe } from "./probe.ts";
export { onceOnly, runProbes } from "./run.ts";
export { startAdmin } from "./ssh-admin.ts";
export { XmppClient } from "./xmpp/client.ts";
export { childOf, type Element, escapeXml, StanzaReader } from "./xmpp/stanzas.ts";
