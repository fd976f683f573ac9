// What pages load, and how large it may be: every visitor of every site pays for it.
import { readFile } from "node:fs/promises";
import { gzipSync } from "node:zlib";

const DIST = new URL("../dist/", import.meta.url);

/** Most bytes, compressed by gzip. */
export const BUDGETS = {
  // On every page view of every site.
  "cobrowse/visitor.js": 6 * 1024,
  "cobrowse/assist.js": 6 * 1024,
  // When somebody wants to watch.
  "cobrowse/panel.js": 10 * 1024,
  // Once the visitor has accepted. rrweb's part alone is 22.8 KB.
  "cobrowse/recorder.js": 26 * 1024,
};

/** @param {string} file */
export async function gzipBytes(file) {
  return gzipSync(await readFile(new URL(file, DIST)), { level: 9 }).length;
}
