export { type Enumerated, type EnumerationOptions, probeEnumeration } from "./enumeration.ts";
export { journalWriter, type Probed, type ProbeOptions, probeInstance } from "./probe.ts";
