export {
  loadCalibration,
  loadCatalogues,
  loadDay,
  loadFeatures,
  loadFigures,
  loadJitsiReleases,
  loadLocations,
  loadNorms,
  loadPrograms,
  loadResidencyRules,
  loadServers,
} from "./data.ts";
export { issueLogFile, loadIssueLog, writeIssueLog } from "./issue-log.ts";
export { ownRuleIds, RULES_FOLDER } from "./own-rules.ts";
export { shown } from "./shown.ts";
export {
  ADDRESSES_FILE,
  ADMINS_FILE,
  INSTANCE_FILE,
  instanceFolder,
  instanceNames,
  JITSI_FILE,
  LOCATION_FILE,
  type LoadedDemand,
  type LoadedInstance,
  loadDemand,
  loadInstance,
  OVERRIDES_FILE,
  readOwnLocation,
} from "./workspace.ts";
export { tryWriting, writeAtomically } from "./write-atomically.ts";
