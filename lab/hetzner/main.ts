// The stand-in as a program:
//
//   node --import tsx lab/hetzner/main.ts FOLDER [PORT]
//
// Keeps its projects in FOLDER and prints what to put into the environment. Ends with Ctrl-C.
import { start } from "./index.ts";

const [folder, port] = process.argv.slice(2);
if (!folder || (port !== undefined && !/^\d+$/.test(port))) {
  process.stderr.write("usage: node --import tsx lab/hetzner/main.ts FOLDER [PORT]\n");
  process.exit(2);
}
const { endpoint, close } = await start({ folder, ...(port && { port: Number(port) }) });
process.stdout.write(
  `A stand-in for Hetzner Cloud's API, not Hetzner. Any token of 64 characters is a project.\nexport HCLOUD_ENDPOINT=${endpoint}\n`,
);
for (const signal of ["SIGINT", "SIGTERM"] as const)
  process.once(signal, () => void close().then(() => process.exit(0)));
