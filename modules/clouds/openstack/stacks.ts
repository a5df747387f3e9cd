import type { BlueprintOn, OpenStackCloud } from "../../planning/blueprint/index.ts";
import type { CloudStacks, StackProps } from "../stack/index.ts";
import { AddressesStack } from "./addresses-stack.ts";
import { ClusterStack } from "./cluster-stack.ts";
import { OpenStackStack } from "./stack.ts";

type Props = StackProps<BlueprintOn<OpenStackCloud>>;

function on({ blueprint, ...props }: StackProps): Props {
  const { cloud } = blueprint;
  if (cloud.provider !== "openstack") throw new Error(`${cloud.location} is no OpenStack`);
  return { ...props, blueprint: { ...blueprint, cloud } };
}

class BareStack extends OpenStackStack {}

export const stacks: CloudStacks = {
  addresses: (scope, props) => new AddressesStack(scope, on(props)),
  cluster: (scope, props) => new ClusterStack(scope, on(props)),
  bare: (scope, id, props) => new BareStack(scope, id, on(props)),
};
