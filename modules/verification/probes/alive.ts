import type { Context } from "./probe.ts";

/** The positive control of probes that look inside: a named admin becomes root on the host. */
export async function adminAlive(subject: string, context: Context): Promise<string | undefined> {
  const [host = ""] = subject.split(" ");
  const ran = await context.once(`alive ${host}`, () => context.admin.run(host, ["true"]));
  return ran.code === 0 ? undefined : `no admin path to ${host}: ${ran.stderr.trim()}`;
}
