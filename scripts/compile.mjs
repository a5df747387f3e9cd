// Compiles the command and the probes' worker into dist/, so that they start at once and run where
// no TypeScript is. The bindings of the providers and npm's packages come inside: to find and to read each of their files
// took a third of a command's time.
//
//   node scripts/compile.mjs            beside what commands that run still load
//   node scripts/compile.mjs --prune    for a package: without parts of earlier sources
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, relative } from "node:path";
import { build } from "esbuild";

const root = join(import.meta.dirname, "..");
const require = createRequire(import.meta.url);

/** A module finds its data beside its source, which dist/ is one folder away from. */
const dataBesideTheSource = {
  name: "data-beside-the-source",
  setup({ onLoad }) {
    onLoad({ filter: /\.ts$/ }, ({ path }) => {
      if (path.includes("/node_modules/")) return undefined;
      const folder = relative(join(root, "dist"), dirname(path));
      const contents = readFileSync(path, "utf8").replaceAll(
        "import.meta.dirname",
        `(import.meta.dirname + ${JSON.stringify(`/${folder}`)})`,
      );
      return { contents, loader: "ts" };
    });
  },
};

/** Bindings are generated here and are in no registry, so nobody else could install them. */
const bindingsInside = {
  name: "bindings-inside",
  setup({ onResolve }) {
    onResolve({ filter: /^@cdktf\/provider-/ }, ({ path }) => ({ path: require.resolve(path) }));
  },
};

/** npm's packages that run, from the lock file, which no package carries: a bill of materials is made of them. */
function runningPackages() {
  const { packages } = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8"));
  return Object.entries(packages)
    .filter(
      ([path, { dev, devOptional, link }]) =>
        path.includes("node_modules/") && !dev && !devOptional && !link,
    )
    .map(([path, { name, version, license, integrity, optional }]) => ({
      name: name ?? path.split("node_modules/").at(-1),
      version,
      licence: license,
      sha512: integrity?.startsWith("sha512-")
        ? Buffer.from(integrity.slice(7), "base64").toString("hex")
        : undefined,
      optional,
    }))
    .sort((a, b) => (`${a.name}@${a.version}` < `${b.name}@${b.version}` ? -1 : 1));
}

const began = new Date();
const { outputFiles } = await build({
  absWorkingDir: root,
  entryPoints: {
    polder: "cli/main.ts",
    worker: "modules/verification/probes/worker.ts",
    "own-rule": "modules/operations/rules/own-rule.ts",
  },
  outdir: "dist",
  outExtension: { ".js": ".mjs" },
  bundle: true,
  splitting: true,
  format: "esm",
  platform: "node",
  target: "node20.19",
  // A program, which starts another beside it. The construct library is inside: as some 150 files it took a tenth of a second.
  // What writes CycloneDX as XML is optional there, and isn't installed: only JSON is written here.
  external: ["esbuild", "xmlbuilder2"],
  // What is CommonJS inside asks for its packages by this name.
  banner: {
    js: 'import { createRequire as requireFrom } from "node:module";\nconst require = requireFrom(import.meta.url);',
  },
  plugins: [bindingsInside, dataBesideTheSource],
  logLevel: "warning",
  write: false,
});

// Commands that run keep the parts that they are still to load: names of parts hold their digest, nothing is
// deleted, and an entry comes last and at once.
const isEntry = (path) => /\/(polder|worker|own-rule)\.mjs$/.test(path);
mkdirSync(join(root, "dist"), { recursive: true });
for (const { path, contents } of outputFiles.sort((a, b) => isEntry(a.path) - isEntry(b.path))) {
  const partial = `${path}.${process.pid}.part`;
  writeFileSync(partial, contents);
  renameSync(partial, path);
}
const packages = join(root, "dist/packages.json");
writeFileSync(`${packages}.${process.pid}.part`, JSON.stringify(runningPackages(), null, 2));
renameSync(`${packages}.${process.pid}.part`, packages);
// What was edited meanwhile is newer.
const stamp = join(root, "dist/compiled");
writeFileSync(stamp, "");
utimesSync(stamp, began, began);
if (process.argv.includes("--prune")) {
  const wanted = new Set([stamp, packages, ...outputFiles.map(({ path }) => path)]);
  for (const name of readdirSync(join(root, "dist"))) {
    const path = join(root, "dist", name);
    if (!wanted.has(path)) rmSync(path, { recursive: true });
  }
}
