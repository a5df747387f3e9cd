export { type Upgraded, type UpgradeOptions, upgradeInstance } from "./upgrade.ts";
