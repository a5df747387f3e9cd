import { instanceFolder, type LoadedInstance, loadInstance } from "../modules/workspace/index.ts";
import { ROOT } from "./root.ts";

/** An instance by its folder's name or path. */
export const load = (name: string, options?: { readonly ending?: boolean }): LoadedInstance =>
  loadInstance(instanceFolder(ROOT, name), options);
