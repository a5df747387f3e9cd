/** A socket that waits for connections, as `ss` prints it. */
export interface Socket {
  readonly protocol: "tcp" | "udp";
  readonly address: string;
  readonly port: number;
  readonly process: string;
}

/** Reads `ss -H -l -n -t -u -p`. */
export function readSockets(text: string): Socket[] {
  return text.split("\n").flatMap((line): Socket[] => {
    const [protocol, , , , local = "", , ...rest] = line.trim().split(/\s+/);
    const match = /^(.*):(\d+)$/.exec(local);
    if ((protocol !== "tcp" && protocol !== "udp") || !match) return [];
    const [, address = "", port] = match;
    const [, process = "?"] = /\("([^"]+)"/.exec(rest.join(" ")) ?? [];
    return [
      {
        protocol,
        address: address.replace(/%.*$/, "").replace(/^\[|\]$/g, ""),
        port: Number(port),
        process,
      },
    ];
  });
}

export const isLoopback = ({ address }: Socket): boolean =>
  address === "::1" || address.startsWith("127.") || address.startsWith("::ffff:127.");
