// Writes modules/hosts/gate/shipped.ts: the gate's Lua programs and its tables, as text that the pure
// module that renders them may import. Run it after a change of either; a test compares.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { shippedText } from "../modules/hosts/gate/testing.ts";

writeFileSync(join(import.meta.dirname, "../modules/hosts/gate/shipped.ts"), shippedText());
