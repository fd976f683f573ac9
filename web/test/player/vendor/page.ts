/** The vendor-like player as files for a site: bundled by the same tool that builds the front end. */
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

/** Where it is served. */
export const VENDOR_PLAYER = "/vendor/player.html";

export async function vendorPlayer(): Promise<Map<string, Uint8Array>> {
  const entry = fileURLToPath(new URL("player.ts", import.meta.url));
  const built = await build({ entryPoints: [entry], bundle: true, format: "esm", write: false });
  const script = built.outputFiles[0]?.contents ?? new Uint8Array();
  const page = await readFile(new URL("player.html", import.meta.url));
  return new Map([
    [VENDOR_PLAYER, page],
    ["/vendor/player.js", script],
  ]);
}
