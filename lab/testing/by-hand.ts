import { testbed } from "../../cli/testbed.ts";
import { cloudsFile, readCloud } from "../../modules/clouds/openstack-api/index.ts";
import { terraformEnvironment } from "../../modules/operations/plan/index.ts";
import type { Blueprint } from "../../modules/planning/blueprint/index.ts";
import { Api } from "../cloud/api.ts";

/** A client for what someone does to an instance's project by hand, behind the toolkit's back. */
export function byHand(blueprint: Blueprint): Promise<Api> {
  const { auth } = readCloud(
    cloudsFile(terraformEnvironment(testbed, blueprint)),
    blueprint.cloud.credentials,
  );
  return Api.open({
    host: new URL(auth.auth_url).hostname,
    user: auth.username ?? "",
    password: auth.password ?? "",
    project: auth.project_name ?? "",
  });
}
