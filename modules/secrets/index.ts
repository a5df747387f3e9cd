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
