import { createInterface } from "node:readline";
import {
  type Credential,
  type Endpoint,
  TurnClient,
  udpCarrier,
} from "../../modules/verification/probes/index.ts";

// Takes a relay, sends something through it to a peer and back, and asks for more time, over and over
// until its input ends. A line each time. The first line of input says which relay, and as whom.

const input = createInterface({ input: process.stdin });
const lines = input[Symbol.asyncIterator]();
const { server, credential, peer } = JSON.parse((await lines.next()).value ?? "") as {
  readonly server: Endpoint;
  readonly credential: Credential;
  readonly peer: Endpoint;
};
let goesOn = true;
void lines.next().then(() => {
  goesOn = false;
});

const client = new TurnClient(await udpCarrier(server), credential);
const { code } = await client.allocate();
if (code !== 0) throw new Error(`no relay: ${code ?? "no answer"}`);
for (let i = 0; goesOn; i++) {
  await client.permit(peer.address);
  const echoed = await client.echo(peer, `polder ${i} ${process.pid}`);
  const refresh = (await client.refresh()).code;
  process.stdout.write(`${JSON.stringify({ refresh, echoed })}\n`);
  await new Promise((resolve) => setTimeout(resolve, 100));
}
await client.close();
process.exit(0);
