/** Style sheets that a page adopts: the mirror is styled as the page is, after every snapshot. */
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { Browser } from "../support/browser.ts";
import { colors, SNAPSHOT } from "./mirror.ts";
import { Recording } from "./recording.ts";

let browser: Browser;

beforeAll(async () => {
  browser = await Browser.start();
});
afterAll(async () => {
  await browser?.stop();
});
afterEach(async () => {
  await browser.tidy();
});

test("adopted style sheets style the mirror, for those who came before a snapshot and after it", async () => {
  const recording = await Recording.open(browser, {
    html: `<body><p>one</p><div><template shadowrootmode="open"><p>two</p></template></div></body>`,
  });
  const { page } = recording;
  await recording.settled();
  await page.evaluate(() => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync("p { color: rgb(1, 2, 3) }");
    const root = document.querySelector("div")?.shadowRoot;
    document.adoptedStyleSheets = [sheet];
    if (root) root.adoptedStyleSheets = [sheet];
  });
  await recording.settled();
  await page.evaluate(() => window.bench.recorder.snapshot());
  await recording.settled();
  await page.evaluate(() => {
    document.adoptedStyleSheets[0]?.insertRule("p { background-color: rgb(4, 5, 6) }");
    const other = new CSSStyleSheet();
    other.replaceSync("p { color: rgb(7, 8, 9) }");
    document.adoptedStyleSheets = [...document.adoptedStyleSheets, other];
  });
  const frames = await recording.settled();
  const again = frames.map(({ kind }) => kind).lastIndexOf(SNAPSHOT);
  expect(again).toBeGreaterThan(0);
  const expected = ["rgb(7, 8, 9) rgb(4, 5, 6)", "rgb(1, 2, 3) rgb(4, 5, 6)"];
  expect(await colors(browser, frames)).toEqual(expected);
  expect(await colors(browser, frames.slice(again))).toEqual(expected);
  // Who had the page before does without the snapshot.
  expect(
    await colors(
      browser,
      frames.filter((_, i) => i !== again),
    ),
  ).toEqual(expected);
});

test("changes of a style violate no policy, and tell only what changed", async () => {
  const policy = `<meta http-equiv="Content-Security-Policy" content="style-src 'self'">`;
  const recording = await Recording.open(browser, {
    html: `<head>${policy}</head><body><p>one</p></body>`,
    before: () => {
      addEventListener("DOMContentLoaded", () => {
        const p = document.querySelector("p");
        if (p) p.style.cssText = "color: rgb(1, 2, 3); left: 1px";
      });
    },
  });
  await recording.settled();
  await recording.page.evaluate(() => {
    const p = document.querySelector("p");
    if (p) p.style.left = "2px";
  });
  const frames = await recording.settled();
  const told = JSON.stringify(frames.map(({ events }) => events));
  expect(told).toContain(`"style":{"left":"2px"}`);
  // The browser complains of violations: see `tidy`.
});
