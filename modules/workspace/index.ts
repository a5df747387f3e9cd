export { loadFigures, loadLocations, loadResidencyRules } from "./data.ts";
export { shown } from "./shown.ts";
export {
  ADDRESSES_FILE,
  ADMINS_FILE,
  INSTANCE_FILE,
  instanceFolder,
  instanceNames,
  LOCATION_FILE,
  type LoadedInstance,
  loadInstance,
  readOwnLocation,
} from "./workspace.ts";
export { writeWhole } from "./write-whole.ts";
