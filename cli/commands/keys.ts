import { Command } from "commander";
import { confirmCommand } from "../keys/confirm.ts";
import { forgetCommand } from "../keys/forget.ts";
import { initCommand } from "../keys/init.ts";
import { listCommand } from "../keys/list.ts";
import { personCommand } from "../keys/person.ts";
import {
  checkCommand,
  installCommand,
  renewCommand,
  requestCommand,
  useReserveCommand,
} from "../keys/public.ts";
import { rekeyCommand } from "../keys/rekey.ts";
import { rotateCommand } from "../keys/rotate.ts";
import { setCommand } from "../keys/set.ts";

/** `polder keys`: people, vaults, secrets, fingerprints. */
export function keysCommand(): Command {
  return new Command("keys")
    .addCommand(personCommand())
    .addCommand(initCommand())
    .addCommand(listCommand())
    .addCommand(rekeyCommand())
    .addCommand(rotateCommand())
    .addCommand(setCommand())
    .addCommand(confirmCommand())
    .addCommand(forgetCommand())
    .addCommand(requestCommand())
    .addCommand(installCommand())
    .addCommand(useReserveCommand())
    .addCommand(renewCommand())
    .addCommand(checkCommand());
}
