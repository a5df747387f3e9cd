import type { BlueprintOn, HetznerCloud } from "../../planning/blueprint/index.ts";
import type { CloudStacks, StackProps } from "../stack/index.ts";
import { AddressesStack } from "./addresses-stack.ts";
import { ClusterStack } from "./cluster-stack.ts";
import { HetznerStack } from "./stack.ts";

type Props = StackProps<BlueprintOn<HetznerCloud>>;

function on({ blueprint, ...props }: StackProps): Props {
  const { cloud } = blueprint;
  if (cloud.provider !== "hetzner") throw new Error(`${cloud.location} is not Hetzner's`);
  return { ...props, blueprint: { ...blueprint, cloud } };
}

class BareStack extends HetznerStack {}

export const stacks: CloudStacks = {
  addresses: (scope, props) => new AddressesStack(scope, on(props)),
  cluster: (scope, props) => new ClusterStack(scope, on(props)),
  bare: (scope, id, props) => new BareStack(scope, id, on(props)),
};
