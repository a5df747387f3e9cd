// A setup file of the suites on Debian's programs: they begin when the root is there. To make it takes minutes, which
// are no suite's own time.
import { validatorRoot } from "./validator-root.ts";

await validatorRoot();
