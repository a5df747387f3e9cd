import type { JitsiFragments } from "../../modules/hosts/configuration/index.ts";
import { bridgeFragment } from "./bridge.ts";
import { focusFragment } from "./focus.ts";

/** What an instance in the lab has in the places of Jitsi's programs, where their packages aren't at hand. */
export const standIns: JitsiFragments = {
  focus: focusFragment,
  bridge: bridgeFragment,
  arrive: [
    "De dienst wordt ingericht. U kunt hier nog niet vergaderen: deze pagina houdt de plaats vrij voor het vergaderprogramma.",
    "It is being set up: no meetings yet, this page stands in until the meeting client comes.",
  ],
};
