// Takes the alarms of lab instances, as the webhook of whoever is on duty would, and prints what changes:
// `receive-alarms.ts PORT [ADDRESS]`, until it is ended. The address is the machine's end of the lab's link.
import { createServer } from "node:http";

const [, , port = "18000", address = "198.18.64.1"] = process.argv;
/** The last state that was printed of each alarm: a heartbeat comes every minute. */
const printed = new Map<string, string>();

createServer((request, response) => {
  let body = "";
  request.on("data", (data: Buffer) => {
    body += data.toString();
  });
  request.on("end", () => {
    response.writeHead(204).end();
    const { instance, alarm, state, text } = JSON.parse(body) as Record<string, string>;
    const name = `${instance} ${alarm}`;
    if (state === undefined || printed.get(name) === state) return;
    printed.set(name, state);
    process.stdout.write(
      `alarm ${new Date().toISOString().slice(11, 19)} ${state} ${name}: ${text}\n`,
    );
  });
}).listen(Number(port), address);
