import { at, entriesOf, isObject, isSet, shown, textOf } from "../json.ts";
import { defineRule, fail, failsOr } from "../rule.ts";
import type { PolicyInput, TerraformJson } from "../types.ts";

/** Folders of the project that a clean-up empties. */
const OUTPUT = ["cdktf.out", "build"];
/** Terraform runs in `<output>/stacks/<stack>`: fewer steps up stay inside the output. */
const STEPS_OUT = 3;

export const stateOutsideOutput = defineRule({
  id: "state-outside-output",
  level: "error",
  what: "the state has a backend of its own, the one the instance file names: a relative path outside the output folders, or HTTPS",
  why: "Terraform's state in a folder of generated output is lost with the next clean-up, and with it the knowledge of which resources exist.",
  looksAt: "stacks",
  check: (input) =>
    [...input.stacks].flatMap(([stack, json]) =>
      failsOr(
        [...problems(input, stack, json)].map((text) => fail(stack, text)),
        stack,
        `state goes to the ${input.blueprint.state.backend} backend`,
      ),
    ),
});

function* problems(
  { blueprint }: PolicyInput,
  stack: string,
  json: TerraformJson,
): Generator<string> {
  const terraform = at(json, "terraform");
  const backends = entriesOf(at(terraform, "backend"));
  if (isSet(at(terraform, "cloud")))
    yield "a cloud block: state goes to the backend of the instance file";
  const [first] = backends;
  if (!first || backends.length > 1)
    return yield `got ${backends.length} backends, exactly one is allowed`;
  const [name, settings] = first;
  const { state } = blueprint;
  if (name !== state.backend)
    return yield `got the ${name} backend, the instance file says ${state.backend}`;
  const allowed =
    name === "local"
      ? ["path"]
      : ["address", "lock_address", "unlock_address", "lock_method", "unlock_method"];
  for (const [key] of entriesOf(settings))
    if (!allowed.includes(key)) yield `backend sets ${key}, allowed: ${allowed.join(", ")}`;
  if (!isObject(settings)) return yield "the backend has no settings";
  if (state.backend === "local") yield* localProblems(stack, textOf(settings["path"]) ?? "");
  else {
    const base = `${state.address.replace(/\/$/, "")}/${stack}`;
    const wanted = { address: base, lock_address: `${base}/lock`, unlock_address: `${base}/lock` };
    for (const [key, address] of Object.entries(wanted)) {
      const got = textOf(settings[key]) ?? "nothing";
      if (got !== address || !got.startsWith("https://"))
        yield `${key}: got ${got}, allowed: ${address}, over HTTPS`;
    }
    const methods = { lock_method: state.lockMethod, unlock_method: state.unlockMethod };
    for (const [key, method] of Object.entries(methods))
      if (settings[key] !== method)
        yield `${key}: got ${shown(settings[key])}, the instance file says ${method}`;
  }
}

function* localProblems(stack: string, path: string): Generator<string> {
  const parts = path.split("/");
  if (path === "" || path.startsWith("/") || /^[A-Za-z]:|\\|\$\{/.test(path))
    return yield `path: got "${path}", a relative path is allowed: the document is the same on every machine`;
  const up = parts.findIndex((part) => part !== "..");
  if (
    up < STEPS_OUT ||
    parts.slice(up).some((part) => part === ".." || part === "." || part === "")
  ) {
    yield `path: got "${path}", which is inside the output folder; at least ${STEPS_OUT} steps up are needed`;
  }
  // Only the first step down: an instance may well lie in somebody's /srv/build.
  const folder = parts[up] ?? "";
  if (OUTPUT.includes(folder)) yield `path: got "${path}", ${folder} is emptied by a clean-up`;
  if (parts.at(-1) !== `${stack}.tfstate`)
    yield `path: got "${path}", it must end in ${stack}.tfstate: two stacks never share a state`;
}
