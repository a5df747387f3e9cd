import { sources } from "../cloud/root.ts";
import { mirrorsOf } from "../hypervisor/up.ts";

/** The mirror that this machine's own apt uses, for `polder mirror --from`. @throws Error when it has another form */
export function machineMirror(): string {
  const { debian, security } = mirrorsOf(sources(), undefined);
  const from = debian.replace(/debian\/?$/, "");
  if (security.replace(/\/$/, "") !== `${from}debian-security`)
    throw new Error(`${debian} and ${security} don't lie below one address`);
  return from;
}
