export {
  loadCalibration,
  loadCatalogues,
  loadClassification,
  loadDay,
  loadFigures,
  loadLocations,
  loadServers,
} from "./data.ts";
export {
  ADDRESSES_FILE,
  ADMINS_FILE,
  INSTANCE_FILE,
  instanceFolder,
  instanceNames,
  type LoadedInstance,
  loadInstance,
} from "./workspace.ts";
export { writeWhole } from "./write-whole.ts";
