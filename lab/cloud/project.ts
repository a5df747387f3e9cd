/** How much a project may have. -1 is no limit. */
export interface LabQuota {
  readonly instances: number;
  readonly cores: number;
  readonly ramMiB: number;
  readonly serverGroups: number;
  readonly networks: number;
  readonly subnets: number;
  readonly routers: number;
  readonly ports: number;
  readonly floatingIps: number;
  readonly securityGroups: number;
  readonly securityGroupRules: number;
  readonly volumes: number;
  readonly gigabytes: number;
  readonly zones: number;
}

/** A project of the lab, with a user of the same name who is a plain member of it. */
export interface LabProject {
  readonly name: string;
  readonly quota: LabQuota;
}

/** Enough for a small cluster, little enough that a mistake runs into it. */
export const defaultQuota: LabQuota = {
  instances: 20,
  cores: 64,
  ramMiB: 131072,
  serverGroups: 10,
  networks: 5,
  subnets: 10,
  routers: 2,
  ports: 100,
  floatingIps: 20,
  securityGroups: 20,
  securityGroupRules: 300,
  volumes: 20,
  gigabytes: 500,
  zones: 5,
};
