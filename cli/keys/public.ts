import { Argument, Command } from "commander";
import { cloudOf } from "../../modules/clouds/known-clouds/index.ts";
import { badInput } from "../../modules/common/input/index.ts";
import { exclusively } from "../../modules/operations/lock/index.ts";
import { checkCertificates } from "../../modules/secrets/keyring/index.ts";
import {
  installCertificate,
  openVault,
  PUBLIC_USES,
  type PublicUse,
  type PutText,
  renewCertificates,
  requestCertificates,
  type Slot,
  useReserve,
  type Vault,
} from "../../modules/secrets/vaults/index.ts";
import type { LoadedInstance } from "../../modules/workspace/index.ts";
import { reportFindings } from "../findings.ts";
import { identityFor } from "../identity.ts";
import { load } from "../load.ts";
import { note, out } from "../terminal.ts";
import { testbed } from "../testbed.ts";
import { type IdentityOption, withIdentity } from "./shared.ts";

interface SlotOption extends IdentityOption {
  readonly reserve?: boolean;
}

const slotOf = ({ reserve }: SlotOption): Slot => (reserve ? "reserve" : "tls");
const use = (): Argument => new Argument("<use>", "whose").choices(PUBLIC_USES);
const RESERVE = [
  "--reserve",
  "the reserve certificate, from another supplier, instead of the one in use",
] as const;

/** Works on an opened vault, while nobody else does. */
async function withVault<T>(
  name: string,
  options: IdentityOption,
  work: (loaded: LoadedInstance, vault: Vault) => Promise<T>,
): Promise<T> {
  const loaded = load(name);
  return exclusively(loaded.blueprint.instance, async () =>
    work(loaded, await openVault(loaded, identityFor(loaded, options.identity))),
  );
}

/** `polder keys request`: keys in the vault, requests for the supplier. */
export function requestCommand(): Command {
  const command = new Command("request")
    .description("Write signing requests for the public certificates; their keys stay in the vault")
    .argument("<instance>", "its folder's name or path")
    .option(...RESERVE);
  return withIdentity(command).action((name: string, options: SlotOption) =>
    withVault(name, options, async (loaded, vault) => {
      for (const file of await requestCertificates(loaded, vault, slotOf(options), new Date()))
        out(file);
      note("send them to your supplier; then `polder keys install`");
    }),
  );
}

/** `polder keys install`: checks the supplier's certificate before it is stored. */
export function installCommand(): Command {
  const command = new Command("install")
    .description("Put a certificate from your supplier into the vault")
    .argument("<instance>", "its folder's name or path")
    .addArgument(use())
    .argument("<file>", "PEM: the certificate, then its intermediates")
    .option(...RESERVE);
  return withIdentity(command).action(
    (name: string, whose: PublicUse, file: string, options: SlotOption) =>
      withVault(name, options, async (loaded, vault) => {
        out(await installCertificate(loaded, vault, whose, slotOf(options), file, new Date()));
        note("the next converge puts it on the hosts, without cutting anybody off");
      }),
  );
}

/** `polder keys use-reserve`: the other supplier's certificate goes into use. */
export function useReserveCommand(): Command {
  const command = new Command("use-reserve")
    .description("Swap the reserve certificate and the one in use")
    .argument("<instance>", "its folder's name or path")
    .addArgument(use());
  return withIdentity(command).action((name: string, whose: PublicUse, options: IdentityOption) =>
    withVault(name, options, async (_, vault) => {
      await useReserve(vault, whose, new Date());
      out(`${whose}: the reserve is in use from the next converge on`);
    }),
  );
}

/** `polder keys renew`: orders from the instance's ACME server. */
export function renewCommand(): Command {
  const command = new Command("renew")
    .description("Order the public certificates that are due from the instance's ACME server")
    .argument("<instance>", "its folder's name or path");
  return withIdentity(command).action((name: string, options: IdentityOption) =>
    withVault(name, options, async (loaded, vault) => {
      const { certificates, dns } = loaded.blueprint;
      if (certificates.source !== "acme" || dns.zone === null)
        throw badInput(
          `${loaded.folder}/instance.yaml`,
          "certificates.source: acme is needed, and a DNS zone in the cloud, to renew from here",
        );
      const zone = dns.zone;
      const putText = await cloudOf(loaded.blueprint, testbed).putText(loaded.blueprint);
      const put: PutText = (record, value) => putText(zone, record, value);
      const lines = await renewCertificates(loaded, vault, put, new Date());
      for (const line of lines) out(line);
      note(lines.length > 0 ? "the next converge puts them on the hosts" : "nothing is due");
    }),
  );
}

/** `polder keys check`: checks the public certificates as of today. */
export function checkCommand(): Command {
  const command = new Command("check")
    .description(
      "Check the public certificates: names, strength, end, who validated. Exit code 1 on a fail",
    )
    .argument("<instance>", "its folder's name or path");
  return withIdentity(command).action(async (name: string, options: IdentityOption) => {
    const loaded = load(name);
    const vault = await openVault(loaded, identityFor(loaded, options.identity));
    const findings = checkCertificates(loaded.blueprint, (one) => vault.get(one), new Date());
    reportFindings(findings, "docs/keys.md says how each gets better");
  });
}
