// The second library of the matrix: `node --import ./stacks/use-cdktf-0.21.mjs …` runs the same sources and bindings
// on the archived cdktf 0.21 in place of its continuation cdktn (docs/decisions).
import Module, { register } from "node:module";

const other = (request) => request.replace(/^cdktf(?=$|\/)/, "cdktf-0.21");

// For `require`, which the generated bindings use.
const resolve = Module._resolveFilename;
Module._resolveFilename = function (request, ...rest) {
  return resolve.call(this, other(request), ...rest);
};

// For `import`, which our own sources use; hooks live in a thread of their own.
const hook = `export const resolve = (name, context, next) =>
  next(name.replace(/^cdktf(?=$|\\/)/, "cdktf-0.21"), context);`;
register(`data:text/javascript,${encodeURIComponent(hook)}`);
