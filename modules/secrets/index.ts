export { identityFile } from "./age.ts";
export { type Change, ensureSecrets } from "./ensure.ts";
export {
  confirmHost,
  fingerprintOf,
  HOSTS_FILE,
  type HostEntry,
  type Hosts,
  loadHosts,
  recordHost,
  saveHosts,
} from "./hosts-file.ts";
export { inventory, type Kept } from "./inventory.ts";
export { type Admin, adminEntry, labPerson, type NewPerson, newPerson } from "./people.ts";
export { peopleOf } from "./recipients.ts";
export { type Rekeyed, rekey, sealedTo } from "./rekey.ts";
export { rotate } from "./rotate.ts";
export {
  createVault,
  hasVault,
  type OpenOptions,
  openVault,
  saveVault,
  VAULT_FILES,
  Vault,
  type VaultKind,
  vaultPasswords,
} from "./vault.ts";
