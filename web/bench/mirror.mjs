// P7 in a browser: how long a change of a visitor's page takes until the viewer's page shows it.
//
// Started by baton-bench. Serves the visitor's page, prints where, and answers POST /measure
// {host, visitor, viewers: [{node, token}]} with {latencies: [[ms, …], …]}, one list for each viewer.
// Visitor and viewers run in one browser: one clock.
import { createServer } from "node:http";
import { chromium } from "playwright-core";

const CHANGES = 600;
const EVERY_MS = 1000 / 60;
/** Elements beside the one that changes: a page of medium size. */
const ROWS = 350;

const PAGE = `<!doctype html><html lang="en"><title>Bench</title><p id="tick">0</p>
<ul>${'<li><span class="row">A row of the page</span></li>'.repeat(ROWS)}</ul>`;

const server = createServer(async (request, response) => {
  if (request.method !== "POST") {
    response.setHeader("content-type", "text/html; charset=utf-8");
    response.end(PAGE);
    return;
  }
  let body = "";
  for await (const chunk of request) body += chunk;
  try {
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ latencies: await measure(JSON.parse(body)) }));
  } catch (error) {
    response.statusCode = 500;
    response.end(String(error));
  }
});
server.listen(0, "127.0.0.1", () => console.log(`listening on ${origin()}`));

function origin() {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("not listening");
  return `http://127.0.0.1:${address.port}`;
}

/** @param {{ host: string, visitor: string, viewers: { node: string, token: string }[] }} plan */
async function measure({ host, visitor, viewers }) {
  const browser = await chromium.launch({
    executablePath: process.env.BATON_CHROMIUM ?? "/usr/bin/chromium",
    args: ["--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"],
  });
  try {
    const page = await (await browser.newContext()).newPage();
    await page.goto(origin());
    await page.evaluate("window.BatonConfig = { presence: false }");
    await page.addScriptTag({ url: `http://${host}/cobrowse/assets/visitor.js` });
    await page.evaluate((token) => window.Baton?.start(token), visitor);
    const watching = [];
    for (const { node, token } of viewers) watching.push(await watch(browser, node, token));
    const changed = await page.evaluate(change, { changes: CHANGES, everyMs: EVERY_MS });
    return await Promise.all(
      watching.map(async (viewer) => {
        await viewer.waitForFunction((last) => window.seen?.has(last), CHANGES);
        const seen = new Map(await viewer.evaluate(() => [...(window.seen ?? [])]));
        return changed.flatMap(([tick, at]) => {
          const shown = seen.get(tick);
          return shown === undefined ? [] : [shown - at];
        });
      }),
    );
  } finally {
    await browser.close();
  }
}

/**
 * Opens a viewer, and notes when each tick appears in its mirror.
 * @param {import("playwright-core").Browser} browser
 * @param {string} node
 * @param {string} token
 */
async function watch(browser, node, token) {
  const viewer = await (await browser.newContext()).newPage();
  await viewer.goto(`http://${node}/cobrowse/watch/${token}`);
  const mirror = viewer.frameLocator("#mirror iframe").locator("#tick");
  await mirror.waitFor();
  await viewer.evaluate(() => {
    const seen = new Map();
    window.seen = seen;
    const frame = document.querySelector("#mirror iframe");
    const inside = frame instanceof HTMLIFrameElement ? frame.contentDocument : null;
    if (!inside) throw new Error("the viewer has no mirror");
    new MutationObserver(() => {
      const tick = Number(inside.getElementById("tick")?.textContent);
      if (!seen.has(tick)) seen.set(tick, performance.timeOrigin + performance.now());
    }).observe(inside, { subtree: true, childList: true, characterData: true });
  });
  return viewer;
}

/**
 * In the visitor's page: changes it, and tells when.
 * @param {{ changes: number, everyMs: number }} plan
 * @returns {Promise<[number, number][]>}
 */
function change({ changes, everyMs }) {
  const tick = document.getElementById("tick");
  if (!tick) throw new Error("the page has nothing to change");
  /** @type {[number, number][]} */
  const changed = [];
  return new Promise((resolve) => {
    const timer = setInterval(() => {
      const number = changed.length + 1;
      changed.push([number, performance.timeOrigin + performance.now()]);
      tick.textContent = String(number);
      if (number < changes) return;
      clearInterval(timer);
      resolve(changed);
    }, everyMs);
  });
}
