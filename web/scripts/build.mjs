// Builds web/dist: every page's script bundled, every other file of src copied. Same input, same bytes.
import { cp, rm } from "node:fs/promises";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));

await rm(`${root}/dist`, { recursive: true, force: true });
await cp(`${root}/src`, `${root}/dist`, {
  recursive: true,
  filter: (source) => extname(source) !== ".ts",
});
await build({
  absWorkingDir: root,
  entryPoints: ["src/demo/player.ts"],
  outbase: "src",
  outdir: "dist",
  bundle: true,
  format: "esm",
  target: "es2022",
  charset: "utf8",
  // Not minified: the demo is also meant to be read in the browser.
  logLevel: "warning",
});
