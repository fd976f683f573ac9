// Builds web/dist: each entry bundled, every other file of src copied. Same input, same bytes.
import { execFile } from "node:child_process";
import { cp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { build } from "esbuild";
import { BUDGETS, gzipBytes } from "./budgets.mjs";
import { rrweb } from "./rrweb.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));

/** Folders of src whose files that are no scripts are served, and where. */
const FOLDERS = { demo: "demo", viewer: "cobrowse", console: "console", player: "player" };

/** @type {import("esbuild").BuildOptions} */
const common = {
  absWorkingDir: root,
  bundle: true,
  target: "es2022",
  charset: "utf8",
  legalComments: "none",
  logLevel: "warning",
};
/** What a site includes by a plain `<script>`: no module, and nothing in its global scope. */
const SCRIPTS = { visitor: "src/visitor/visitor.ts", assist: "src/visitor/assist.ts" };
/** What the loader imports, and the viewer's own page. */
const MODULES = {
  panel: "src/panel/panel.ts",
  recorder: "src/recorder/recorder.ts",
  viewer: "src/viewer/viewer.ts",
};

await rm(`${root}/dist`, { recursive: true, force: true });
for (const [from, to] of Object.entries(FOLDERS)) {
  await cp(`${root}/src/${from}`, `${root}/dist/${to}`, {
    recursive: true,
    filter: (source) => extname(source) !== ".ts",
  });
}
await Promise.all([
  build({
    ...common,
    entryPoints: SCRIPTS,
    outdir: "dist/cobrowse",
    format: "iife",
    minify: true,
  }),
  build({
    ...common,
    entryPoints: MODULES,
    plugins: [rrweb],
    outdir: "dist/cobrowse",
    format: "esm",
    minify: true,
  }),
  build({
    ...common,
    entryPoints: { console: "src/console/console.ts" },
    outdir: "dist/console",
    format: "esm",
    minify: true,
  }),
  // Not minified: the package and the demos are also meant to be read.
  build({
    ...common,
    entryPoints: { index: "src/player/index.ts" },
    outdir: "dist/player",
    format: "esm",
  }),
  build({
    ...common,
    entryPoints: {
      player: "src/demo/player.ts",
      shop: "src/demo/shop.ts",
      desk: "src/demo/desk.ts",
    },
    outdir: "dist/demo",
    format: "esm",
  }),
  declarations(),
  cp(`${root}/../LICENSE`, `${root}/dist/player/LICENSE`),
]);

for (const [file, most] of Object.entries(BUDGETS)) {
  console.log(`${file}: ${await gzipBytes(file)} of ${most} bytes, compressed`);
}

/** The types of the package. Compilers before 5.7 do not find `./x.ts`, so they say `./x.js`. */
async function declarations() {
  const tsc = `${root}/node_modules/typescript/bin/tsc`;
  await promisify(execFile)(process.execPath, [tsc, "-p", `${root}/tsconfig.player.json`]);
  const folder = `${root}/dist/player`;
  const names = (await readdir(folder)).filter((name) => name.endsWith(".d.ts"));
  for (const file of names.map((name) => `${folder}/${name}`)) {
    const types = await readFile(file, "utf8");
    await writeFile(file, types.replace(/(from "\.\/[^"]+)\.ts"/g, '$1.js"'));
  }
}
