import { type HostFile, heading } from "../configuration/index.ts";
import { rawFile } from "../host/index.ts";

/** A value of a HOCON file. JSON is a subset of HOCON (lightbend/config, HOCON.md), so a file is JSON and comments. */
export type Hocon =
  | string
  | number
  | boolean
  | readonly Hocon[]
  | { readonly [key: string]: Hocon };

/** A configuration that holds a password: root's alone. */
export const hoconFile = (path: string, value: Hocon): HostFile =>
  rawFile(path, `${heading("//")}\n${JSON.stringify(value, null, 2)}\n`, { mode: "0600" });
