export { didYouMean, nearest } from "./nearest.ts";
export { BadInput, badInput, inFileOrder, type Position, type Problem } from "./problem.ts";
export { explain, pathText, validate } from "./validate.ts";
export { MAX_BYTES, type Path, parseYaml, type YamlFile } from "./yaml.ts";
