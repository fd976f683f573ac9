// Leaves out of @rrweb/record what the recorder never uses: canvas, frames of other origins, fonts.
// The package does not tree-shake. And mends one thing that its hooks cannot reach.
//
// What stands between two lines of the pinned version is replaced; where these are not found, the
// first of them once, the build fails: then look what the new version does.
import { readFile } from "node:fs/promises";

/** From a line up to another, and what stands there instead. */
const CHANGES = [
  {
    // They are recorded by messages of an rrweb of their own, which nobody here starts.
    from: "class CrossOriginIframeMirror {",
    to: "class IframeManager {",
    by: "class CrossOriginIframeMirror {}\n",
  },
  { from: "  handleMessage(message) {", to: "class ShadowDomManager {", by: "}\n" },
  {
    from: 'var chars = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";',
    to: "class StylesheetManager {",
    by: "class CanvasManager { reset() {} freeze() {} unfreeze() {} lock() {} unlock() {} }\n",
  },
  {
    from: "function initFontObserver({ fontCb, doc }) {",
    to: "function initSelectionObserver(param) {",
    by: "",
  },
  {
    // Upstream observes a frame's document again with every snapshot, and after the recording has
    // been stopped: each change in it is told as often, and a node that moved is doubled. What it
    // has been given before its <html> is there, or after that was replaced, it cannot observe.
    from: "    iframeManager.addLoadListener((iframeEl) => {",
    to: "    const init = () => {",
    by: `    const observed = new WeakMap();
    iframeManager.addLoadListener(({ contentDocument }) => {
      const root = contentDocument.documentElement;
      if (!recording || !root || observed.get(contentDocument) === root) return;
      observed.set(contentDocument, root);
      try {
        handlers.push(observe(contentDocument));
      } catch (error) {
        console.warn(error);
      }
    });
`,
  },
  {
    // An attribute is inline style to the page's policy: a violation with each change of a style.
    from: '              const old = this.unattachedDoc.createElement("span");',
    to: "              for (const pname of Array.from(target.style)) {",
    by: `              const old = this.unattachedDoc.createElement("span");
              old.style.cssText = m.oldValue ?? "";
`,
  },
];

/** @param {string} source */
function change(source) {
  for (const { from, to, by } of CHANGES) {
    const [head, rest, ...more] = source.split(`\n${from}\n`);
    const end = rest?.indexOf(`\n${to}\n`) ?? -1;
    if (head === undefined || rest === undefined || more.length > 0 || end < 0) {
      throw new Error(`@rrweb/record is another one: no “${from}” before “${to}”`);
    }
    source = `${head}\n${by}${rest.slice(end + 1)}`;
  }
  return source;
}

/** @type {import("esbuild").Plugin} */
export const rrweb = {
  name: "rrweb",
  setup(build) {
    build.onLoad({ filter: /@rrweb\/record\/dist\/record\.js$/ }, async ({ path }) => ({
      contents: change(await readFile(path, "utf8")),
    }));
  },
};
