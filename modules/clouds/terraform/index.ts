export type { TerraformEvent } from "./events.ts";
export { TerraformFailure } from "./run.ts";
export {
  type Attributes,
  type ChangeCount,
  type Progress,
  type StateMark,
  Terraform,
  type TerraformOptions,
} from "./terraform.ts";
