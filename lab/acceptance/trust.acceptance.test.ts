import { afterEach, beforeAll, expect, it } from "vitest";
import { until } from "../cloud/process.ts";
import { Acceptance } from "./meeting.ts";

// Whom a real bridge believes. Its library meets more kinds of wrong servers in bridge-trust.soak.test.ts.

let acceptance: Acceptance;
beforeAll(() => {
  acceptance = new Acceptance();
});
afterEach(({ task }) => acceptance.end(task.result?.state === "fail" ? task.name : undefined));

const BRIDGE = "bridge-2";
const DROP_IN = "/run/systemd/system/polder-videobridge.service.d";

/** Runs after the unit's own line of this kind, and puts another CA in the place of the instance's. */
const OTHER_CA = `set -e
mkdir -p ${DROP_IN}
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 -subj /CN=other -keyout /dev/null -out ${DROP_IN}/ca.pem 2>/dev/null
printf '[Service]\\nExecStartPre=/usr/bin/openssl pkcs12 -export -nokeys -jdktrust anyExtendedKeyUsage -in ${DROP_IN}/ca.pem -out /run/polder-videobridge/trust.p12 -passout pass:public\\n' >${DROP_IN}/other-ca.conf
systemctl daemon-reload
systemctl restart polder-videobridge`;

const OWN_CA = `rm -r ${DROP_IN}; systemctl daemon-reload; systemctl restart polder-videobridge`;

/** Whether the bridge is in its shard's room of bridges; undefined where it doesn't answer yet. */
const isIn = async (): Promise<boolean | undefined> => {
  const { jitsi_jvb_mucs_joined: rooms } = await acceptance.metrics(BRIDGE);
  return rooms === undefined ? undefined : rooms > 0;
};

/** Seconds in which a bridge of the right CA is in after its start on a busy machine; seen: 10. */
const COMES_IN = 60;

it("a bridge that believes another CA than the server's doesn't log in, and does with the instance's own", async () => {
  expect(await isIn()).toBe(true);
  const refusals = () =>
    acceptance.on(
      BRIDGE,
      "sh",
      "-c",
      "journalctl -q -u polder-videobridge -o cat --since -2min | grep -c 'PKIX path' || true",
    );
  try {
    await acceptance.on(BRIDGE, "sh", "-c", OTHER_CA);
    expect(await until(async () => (await isIn()) === false, COMES_IN)).toBe(true);
    expect(await until(async () => (await isIn()) === true, COMES_IN)).toBe(false);
    expect(Number(await refusals())).toBeGreaterThan(0);
  } finally {
    await acceptance.on(BRIDGE, "sh", "-c", OWN_CA);
  }
  expect(await until(async () => (await isIn()) === true, COMES_IN)).toBe(true);
  await acceptance.bridgesUsable();
});
