/**
 * The rendered prosody.cfg.lua without any part of the gate, its hosts switched on: what stands behind the
 * gate, alone. A component that is a part of the gate goes whole.
 */
export const withoutGate = (config: string): string =>
  config
    .replace('authentication = "gate"', 'authentication = "anonymous"')
    .replace(/^Component "\S+" "gate_\w+"(\n .*)*/gm, "")
    .replace(/"gate(_\w+)?"(; )?/g, "")
    .replace(/^ {2}modules_enabled = \{[; ]*\}\n/gm, "")
    .replace(/^ {2}(enabled = false|gate = .*)\n/gm, "");
