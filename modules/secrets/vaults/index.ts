export { type PutText, renewCertificates } from "./acme.ts";
export { identityFile } from "./age.ts";
export { type Change, ensureSecrets } from "./ensure.ts";
export {
  confirmHost,
  forgetHost,
  HOSTS_FILE,
  type HostEntry,
  type Hosts,
  loadHosts,
  recordHost,
} from "./hosts-file.ts";
export { inventory, type SecretStatus } from "./inventory.ts";
export {
  type Admin,
  adminEntry,
  LAB_USER,
  labPerson,
  type NewPerson,
  newPerson,
} from "./people.ts";
export { prosodyAccount } from "./prosody-account.ts";
export {
  installCertificate,
  PUBLIC_USES,
  requestCertificates,
  type Slot,
  useReserve,
} from "./public-certificates.ts";
export { peopleOf } from "./recipients.ts";
export { type Rekeyed, rekey, sealedTo } from "./rekey.ts";
export { RELAY_SECRET } from "./relay-secrets.ts";
export { rotate } from "./rotate.ts";
export { recordSteps, rotationOf, wayOn } from "./steps.ts";
export {
  createVault,
  hasVault,
  type OpenOptions,
  openVault,
  Vault,
  type VaultKind,
} from "./vault.ts";
export type { PublicUse } from "./wanted.ts";
export { whoseIdentity } from "./who.ts";
