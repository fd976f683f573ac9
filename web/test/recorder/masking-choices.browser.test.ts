/** Choices and pointers: what is chosen in a masked field is told by no click, focus or move either. */
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { Browser } from "../support/browser.ts";
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

test("how long a masked value is, which choice was made, where a finger went on a masked keypad", async () => {
  const recording = await Recording.open(browser, {
    html: `<body><input id="a" value="x"><input id="b" value="a much longer value"><input id="c">
      <select id="s"><option>one</option><option selected>two</option></select>
      <div data-baton-mask><button id="key">7</button><input type="radio" checked></div></body>`,
  });
  await recording.settled();
  const before = (await recording.frames()).length;
  await recording.page.locator("#key").click();
  await recording.page.locator("#s").selectOption("one");
  const frames = await recording.settled();
  const snapshot = JSON.stringify(frames[0]?.events);
  const value = (id: string) => new RegExp(`"id":"${id}"(,"value":"([^"]*)")?`).exec(snapshot)?.[2];
  expect(value("a")).toBe("******");
  expect(value("b")).toBe("******");
  expect(value("c")).toBeUndefined();
  expect(snapshot).not.toMatch(/"(selected|checked)":/);
  const later = frames.slice(before).flatMap(({ events }) => events);
  // Scrolling, mouse interaction with what is open, and the mark: no press of the key, no choice.
  for (const event of later) {
    expect(event).not.toMatchObject({ data: { source: 5 } });
    expect(event).not.toMatchObject({ data: { source: 2, type: 2 } });
  }
});

test.each([
  ["a radio", `<div data-baton-mask><input type="radio" id="x" name="n"></div>`],
  ["a checkbox", `<div data-baton-mask><input type="checkbox" id="x"></div>`],
  ["a key of a PIN pad", `<div data-baton-mask><input type="button" id="x" value="7"></div>`],
  ["a slider", `<input type="range" id="x">`],
  ["a list", `<select id="x" size="3"><option>one<option>two<option>three</select>`],
  [
    "a label beside the radio",
    `<div data-baton-mask><input type="radio" id="r"></div><label id="x" for="r">No</label>`,
  ],
])("where the pointer is on %s that is masked is not told, nor its focus", async (_, html) => {
  const recording = await Recording.open(browser, { html: `<body>${html}</body>` });
  const { page } = recording;
  await recording.settled();
  const before = (await recording.frames()).length;
  await page.locator("#x").hover();
  await page.locator("#x").click();
  await page.locator("#x").focus();
  const frames = await recording.settled();
  const later = frames.slice(before).flatMap(({ events }) => events);
  const id = /"id":"(x|r)".*?"id":(\d+)/.exec(JSON.stringify(frames[0]?.events))?.[2];
  expect(id).toBeDefined();
  expect(JSON.stringify(later)).not.toMatch(new RegExp(`"id":${id}\\b`));
  for (const event of later) expect(event).not.toMatchObject({ data: { source: 5 } });
});

test("a click into a masked text field is told", async () => {
  const recording = await Recording.open(browser, { html: `<body><input id="x"></body>` });
  await recording.settled();
  await recording.page.locator("#x").click();
  const events = (await recording.settled()).flatMap(({ events }) => events);
  expect(events).toContainEqual(
    expect.objectContaining({ data: expect.objectContaining({ source: 2, type: 2 }) }),
  );
});
