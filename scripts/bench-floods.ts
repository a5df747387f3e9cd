// What half handshakes of one address take of nginx and of coturn, behind the host's packet filter, and who gets in
// meanwhile. Part of `make bench`; alone: `node --import tsx scripts/bench-floods.ts [SECONDS]`. No test evaluates a time.
import { type Flooded, flooded } from "../lab/testing/flood.ts";
import { buildBlueprint } from "../modules/planning/blueprint/index.ts";
import { inputOf, someInstance } from "../modules/planning/blueprint/testing.ts";

/** How long the flood goes on before people come. */
const SECONDS = Number(process.argv[2] ?? 20);
const FLOODS = [
  { name: "nginx", service: "web", count: 19_000 },
  { name: "coturn", service: "turn", count: 14_000 },
] as const;

const blueprint = buildBlueprint(inputOf(someInstance()));
/** Of those who came, by which way and from where, how many got what they got without the flood. */
const gotIn = ({ before, during }: Flooded): string =>
  Object.entries(during)
    .map(([who, got]) => {
      const good = got.filter((answer, i) => answer === before[who]?.[i]);
      return `${who} ${good.length} of ${got.length}`;
    })
    .join(", ");

const rows: string[] = [];
for (const { name, service, count } of FLOODS) {
  process.stderr.write(`${count} half handshakes at ${name}\n`);
  const seen = await flooded({ blueprint, service, from: "address", count, seconds: SECONDS });
  rows.push(
    `| ${name} | ${count} | ${seen.opened} | ${seen.sockets} | ${seen.memory} | ${gotIn(seen)} |`,
  );
}
process.stdout.write(
  [
    `| Half handshakes of one address, ${SECONDS} s, at | kept up | opened | sockets held | MiB | who got in meanwhile |`,
    "| --- | --- | --- | --- | --- | --- |",
    ...rows,
    "",
  ].join("\n"),
);
