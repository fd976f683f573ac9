/** What an agent does in the viewer, as it reaches the visitor's page. */
import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { POLL } from "../support/patience.ts";
import { added, node, SIZE, type Visitor } from "./visitor.ts";
import { mirror, onScreen, scene, shopPage, Watching } from "./watching.ts";

let here: Watching;

beforeAll(async () => {
  here = await Watching.start();
});

afterAll(async () => {
  await here?.stop();
});

afterEach(async () => {
  await here.browser.tidy();
});

/** Half the size of the visitor's viewport, and odd: every coordinate is scaled. */
const SMALL = { width: 517, height: 480 };

async function moveTo(viewer: Page, x: number, y: number): Promise<void> {
  const at = await onScreen(viewer, x, y);
  await viewer.mouse.move(at.x, at.y);
}

async function clickAt(viewer: Page, x: number, y: number): Promise<void> {
  const at = await onScreen(viewer, x, y);
  await viewer.mouse.click(at.x, at.y);
}

/** Numbers differ by the rounding of screen pixels. */
function about(value: number): unknown {
  return expect.closeTo(value, -0.6);
}

async function controlled(
  body: object[] = [],
  terms: object = {},
): Promise<{ visitor: Visitor; viewer: Page }> {
  const { visitor, viewer } = await here.live(shopPage(...body), terms);
  await viewer.getByRole("button", { name: "Request control" }).click();
  await visitor.grant();
  await viewer.locator('html[data-control="granted"]').waitFor();
  return { visitor, viewer };
}

test("cursor, spotlight and strokes are where the visitor's page has them, at any scale", async () => {
  const { visitor, viewer } = await here.live();
  await viewer.setViewportSize(SMALL);
  await expect
    .poll(async () => (await viewer.locator("#surface").boundingBox())?.width, POLL)
    .toBeLessThan(520);
  await moveTo(viewer, 300, 200);
  await visitor.hears("cursor", { x: about(300), y: about(200) });

  await viewer.getByRole("button", { name: "Spotlight" }).click();
  await moveTo(viewer, 700, 500);
  await visitor.hears("pointer", { x: about(700), y: about(500) });
  await viewer.locator("#spot").waitFor();

  const draw = viewer.getByRole("button", { name: "Draw", exact: true });
  expect(await draw.getAttribute("title")).toContain("Draw on the visitor");
  await draw.click();
  await viewer.getByRole("button", { name: "Blue" }).click();
  await moveTo(viewer, 100, 100);
  await viewer.mouse.down();
  await moveTo(viewer, 200, 150);
  await moveTo(viewer, 300, 400);
  await viewer.mouse.up();
  const points = async () => (await visitor.heard("draw")).flatMap((draw) => draw.points);
  await expect.poll(points, POLL).toHaveLength(3);
  expect(await points()).toEqual([
    [about(100), about(100)],
    [about(200), about(150)],
    [about(300), about(400)],
  ]);
  const strokes = await visitor.heard("draw");
  expect(strokes.every(({ color }) => color === "#2e86ab")).toBe(true);
  expect(new Set(strokes.map(({ id }) => id)).size).toBe(1);
  expect(await viewer.locator("#ink polyline").count()).toBe(1);

  await viewer.getByRole("button", { name: "Clear" }).click();
  await visitor.hears("clear");
  expect(await viewer.locator("#ink polyline").count()).toBe(0);
});

test("a stroke stays with what it was drawn on, as it does at the visitor's", async () => {
  const long = node("div", { style: "height: 3000px" }, ["Long"]);
  const { visitor, viewer } = await here.live(shopPage(long));
  await viewer.getByRole("button", { name: "Draw", exact: true }).click();
  await moveTo(viewer, 300, 300);
  await viewer.mouse.down();
  await moveTo(viewer, 320, 320);
  await viewer.mouse.up();
  const top = async () => (await viewer.locator("#ink polyline").boundingBox())?.y ?? Number.NaN;
  const before = await top();
  const { y: moved } = await onScreen(viewer, 0, 200);
  const { y: origin } = await onScreen(viewer, 0, 0);
  await visitor.delta({ source: 3, id: 1, x: 0, y: 200 });
  await expect
    .poll(async () => Math.abs(before - (await top()) - (moved - origin)), POLL)
    .toBeLessThan(2);
});

test("a mouse that never rests stays within what the node takes", async () => {
  const { visitor, viewer } = await here.live();
  // As fast as the browser takes them: some hundreds a second.
  await viewer.evaluate(() => {
    const surface = document.querySelector("#surface");
    const box = surface?.getBoundingClientRect() ?? new DOMRect();
    for (let at = 0; at <= 2000; at += 1) {
      const clientX = box.left + at / 10;
      surface?.dispatchEvent(new PointerEvent("pointermove", { clientX, clientY: box.top + 10 }));
    }
  });
  const scale = await viewer.locator("#frame").evaluate((frame) => frame.clientWidth / 1000);
  await visitor.hears("cursor", { x: about(200 / scale) });
  expect((await visitor.heard("cursor")).length).toBeLessThan(100);
  await scene(viewer, "live");
});

test("clicks reach the mirrored element, relative to its box", async () => {
  const style = "position:absolute;left:400px;top:300px;width:200px;height:100px";
  const { visitor, viewer } = await controlled([
    node("button", { style }, [node("b", {}, ["Buy"], 42)], 41),
  ]);
  await viewer.setViewportSize(SMALL);
  await clickAt(viewer, 420, 310);
  await visitor.hears("click", { node: 41, x: about(20), y: about(10) });
  const right = await onScreen(viewer, 590, 390);
  await viewer.mouse.click(right.x, right.y, { button: "right" });
  await visitor.hears("click", { node: 41, x: about(190), y: about(90), button: 2 });
  expect(await visitor.heard("click")).toHaveLength(2);
});

test("clicks reach into shadow roots and frames", async () => {
  const at = (left: number) =>
    `position:absolute;left:${left}px;top:200px;width:200px;height:100px`;
  const inner = {
    ...node("button", { style: "width:200px;height:100px" }, [], 51),
    isShadow: true,
  };
  const host = { ...node("div", { style: at(100) }, [inner], 50), isShadowHost: true };
  const { visitor, viewer } = await controlled([
    host,
    node("iframe", { style: `${at(500)};border:5px solid;padding:3px` }, [], 60),
  ]);
  const button = node(
    "button",
    { style: "position:absolute;left:10px;top:20px;width:80px;height:50px" },
    [],
    66,
  );
  await visitor.delta({
    source: 0,
    adds: [{ parentId: 60, nextId: null, node: documentIn(61, [button]) }],
    removes: [],
    texts: [],
    attributes: [],
    isAttachIframe: true,
  });
  await mirror(viewer).frameLocator("iframe").locator("button").waitFor();
  await clickAt(viewer, 150, 250);
  await visitor.hears("click", { node: 51, x: about(50), y: about(50) });
  await clickAt(viewer, 500 + 5 + 3 + 10 + 30, 200 + 5 + 3 + 20 + 40);
  await visitor.hears("click", { node: 66, x: about(30), y: about(40) });
});

/** The document of a frame, as rrweb sends it. */
function documentIn(rootId: number, body: object[]): object {
  const rooted = (one: object) => ({ ...one, rootId });
  const html = node(
    "html",
    {},
    [
      rooted(node("head", {}, [], rootId + 1)),
      rooted(node("body", {}, body.map(rooted), rootId + 2)),
    ],
    rootId + 3,
  );
  return { type: 0, id: rootId, childNodes: [rooted(html)] };
}

test("text, pasted text and keys go to what was clicked last", async () => {
  const { visitor, viewer } = await controlled([
    node("input", { style: "position:absolute;left:100px;top:100px;width:200px" }, [], 71),
  ]);
  await clickAt(viewer, 150, 110);
  await visitor.hears("click", { node: 71 });
  await viewer.keyboard.type("hé");
  await viewer.keyboard.press("Backspace");
  await viewer.keyboard.insertText("pasted 日本 text");
  await viewer.keyboard.press("Enter");
  await viewer.keyboard.press("Tab");
  await visitor.hears("key", { key: "Tab" });
  const typed = (await visitor.heard("type")).map(({ node, text }) => [node, text]);
  expect(typed).toEqual([
    [71, "h"],
    [71, "é"],
    [71, "pasted 日本 text"],
  ]);
  const keys = (await visitor.heard("key")).map(({ node, key }) => [node, key]);
  expect(keys).toEqual([
    [71, "Backspace"],
    [71, "Enter"],
    [71, "Tab"],
  ]);
  // The visitor's focus has moved: typing follows it.
  await visitor.delta(added(node("input", {}, [], 72)));
  await visitor.delta({ source: 2, type: 5, id: 72 });
  await mirror(viewer).locator("input").nth(1).waitFor();
  await expect
    .poll(async () => {
      await viewer.keyboard.type("x");
      return (await visitor.heard("type")).at(-1)?.node;
    }, POLL)
    .toBe(72);
});

test("what an input method composes is told once it is composed", async () => {
  const { visitor, viewer } = await controlled([
    node("input", { style: "position:absolute;left:100px;top:100px;width:200px" }, [], 71),
  ]);
  await clickAt(viewer, 150, 110);
  await visitor.hears("click", { node: 71 });
  const devtools = await viewer.context().newCDPSession(viewer);
  for (const text of ["n", "に", "にほ"]) {
    const at = { selectionStart: text.length, selectionEnd: text.length };
    await devtools.send("Input.imeSetComposition", { text, ...at });
  }
  await devtools.send("Input.insertText", { text: "日本" });
  await visitor.hears("type", { node: 71, text: "日本" });
  expect(await visitor.heard("type")).toHaveLength(1);
});

test("the wheel scrolls what can scroll, and the page otherwise", async () => {
  const { visitor, viewer } = await controlled([
    node("div", { style: "height:3000px" }),
    node(
      "div",
      { style: "position:absolute;left:100px;top:100px;width:200px;height:200px;overflow:auto" },
      [node("div", { style: "height:900px" })],
      81,
    ),
  ]);
  await moveTo(viewer, 600, 400);
  await viewer.mouse.wheel(0, 120);
  await visitor.hears("scroll", { x: 0, y: 120 });
  expect((await visitor.heard("scroll"))[0]?.node).toBeUndefined();
  // The visitor's page has scrolled; the mirror follows.
  await visitor.volatile({ source: 3, id: 1, x: 0, y: 60 });
  await expect
    .poll(
      () =>
        mirror(viewer)
          .locator("html")
          .evaluate((html) => html.scrollTop),
      POLL,
    )
    .toBe(60);
  await moveTo(viewer, 200, 150);
  await expect
    .poll(async () => {
      await viewer.mouse.wheel(0, 50);
      return (await visitor.heard("scroll")).at(-1)?.node;
    }, POLL)
    .toBe(81);
});

test("an agent in control sends the visitor to another page, by http or https only", async () => {
  const { visitor, viewer } = await controlled();
  const field = viewer.getByRole("textbox", { name: "Send the visitor" });
  await field.fill("javascript:alert(1)");
  await field.press("Enter");
  await field.fill("shop.test/help");
  await field.press("Enter");
  await visitor.hears("redirect", { url: "https://shop.test/help" });
  expect(await visitor.heard("redirect")).toHaveLength(1);
});

test("control is asked for, declined, granted, released and taken back, and each is told", async () => {
  const { visitor, viewer } = await here.live();
  const hint = viewer.locator("#control-hint");
  const answer = (granted: boolean) =>
    visitor.page.evaluate((granted) => {
      const userId = window.standIn.last("controlRequest")?.userId ?? "";
      window.standIn.say({ type: "control", userId, granted });
    }, granted);
  await viewer.getByRole("button", { name: "Request control" }).click();
  await visitor.hears("controlRequest");
  await hint.filter({ hasText: "Waiting for the visitor" }).waitFor();
  // Nothing reaches the page before the grant.
  await clickAt(viewer, 300, 300);
  await answer(false);
  await hint.filter({ hasText: "declined" }).waitFor();
  await viewer.getByRole("button", { name: "Request control" }).click();
  await expect.poll(async () => (await visitor.heard("controlRequest")).length, POLL).toBe(2);
  await answer(true);
  await hint.filter({ hasText: "You are in control" }).waitFor();
  await answer(false);
  await hint.filter({ hasText: "taken back" }).waitFor();
  await viewer.getByRole("button", { name: "Request control" }).click();
  await expect.poll(async () => (await visitor.heard("controlRequest")).length, POLL).toBe(3);
  await answer(true);
  await viewer.getByRole("button", { name: "Release control" }).click();
  const holder = () =>
    visitor.page.evaluate(() => window.standIn.last("session")?.control ?? "nobody");
  await expect.poll(holder, POLL).toBe("nobody");
  expect(await visitor.heard("click")).toEqual([]);
});

test("what the link does not permit is not offered, and says why", async () => {
  const nothing = {
    allow_click: false,
    allow_type: false,
    allow_scroll: false,
    allow_agent_redirect: false,
    allow_draw: false,
  };
  const { viewer } = await here.live(shopPage(), { permissions: nothing });
  const control = viewer.getByRole("button", { name: "Request control" });
  expect(await control.isDisabled()).toBe(true);
  expect(await control.getAttribute("title")).toContain("permits no control");
  const draw = viewer.getByRole("button", { name: "Draw", exact: true });
  expect(await draw.getAttribute("aria-disabled")).toBe("true");
  expect(await draw.getAttribute("title")).toContain("Not permitted");
});

test("a phone's page is shown upright, and as large as it is at 100 %", async () => {
  const visitor = await here.visitor();
  const viewer = await here.viewer(visitor);
  await visitor.accept();
  const phone = { width: 390, height: 844 };
  await visitor.shows(shopPage(), phone);
  await scene(viewer, "live");
  const width = async () => (await viewer.locator("#frame").boundingBox())?.width ?? 0;
  await expect.poll(width, POLL).toBeLessThan(phone.width);
  await viewer.getByRole("button", { name: "Full size" }).click();
  await expect.poll(width, POLL).toBe(phone.width);
  expect(SIZE.width).toBeGreaterThan(phone.width);
});
