/** What agents do to a page, with the visitor's consent: control, cursors, drawings. */
import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import type { Options } from "../src/visitor/parts.ts";
import type { FromViewer } from "../src/wire/messages.ts";
import { type Agent, Desk } from "./agent.ts";
import { Baton } from "./baton.ts";
import { Browser } from "./browser.ts";
import { Overlay, POLL } from "./overlay.ts";
import { PageServer } from "./pages.ts";
import { standIn } from "./stand_in.ts";

/** `data-id` is what the stand-in recorder takes for the id of a node. */
const BODY = `<h1>Order</h1>
  <form action="/sent" style="display: grid; gap: 8px; justify-items: start">
    <input data-id="1" aria-label="Name" maxlength="8">
    <label data-id="2"><input data-id="3" type="checkbox"> Gift</label>
    <select data-id="4"><option>Red</option><option>Blue</option></select>
    <input data-id="5" type="file">
    <input data-id="6" aria-label="Card" data-baton-mask>
    <textarea data-id="7" aria-label="Note">abc</textarea>
    <input data-id="8" type="number" value="1">
    <input data-id="9" readonly value="fixed">
    <button data-id="10">Send</button>
    <button data-id="11" type="button">Count</button>
    <label data-id="12">Hidden card <input data-baton-mask type="checkbox" id="masked"></label>
    <label data-id="13">File <input type="file"></label>
  </form>
  <p data-id="14" contenteditable>Dear</p>
  <a data-id="15" href="#there">There</a>
  <div data-id="16" style="height: 100px; overflow: auto"><div style="height: 900px">long</div></div>
  <div style="height: 3000px"></div>
  <script>
    window.heard = [];
    document.addEventListener("submit", () => heard.push("submit"), true);
    for (const type of ["pointerdown", "mousedown", "focusin", "pointerup", "mouseup", "click", "auxclick",
      "contextmenu", "beforeinput", "input", "change", "keydown", "keyup"]) {
      addEventListener(type, (event) => {
        const id = event.target.dataset?.id;
        if (id) heard.push(type + " " + id + (event.key ? " " + event.key : ""));
      }, true);
    }
    for (const id of [5, 13]) {
      const field = document.querySelector('[data-id="' + id + '"]');
      (field.control ?? field).addEventListener("click", (event) => {
        event.preventDefault();
        heard.push("file");
      });
    }
  </script>`;

let baton: Baton;
let site: PageServer;
let browser: Browser;
let desk: Desk;
let visitor: string;
let visitors = 0;

beforeAll(async () => {
  site = await PageServer.start();
  baton = await Baton.start({ BATON_COBROWSE__ALLOWED_ORIGINS: site.origin });
  browser = await Browser.start();
  desk = await Desk.of(baton);
});

afterAll(async () => {
  await browser?.stop();
  await baton?.stop();
  await site?.stop();
});

beforeEach(() => {
  visitors += 1;
  visitor = `visitor-${visitors}`;
});

afterEach(async () => {
  await browser.tidy();
});

interface Shared {
  page: Page;
  agent: Agent;
  overlay: Overlay;
  userId: string;
}

/** A page that Ann sees. */
async function shared(options: Options = {}): Promise<Shared> {
  const context = await browser.context();
  await standIn(context);
  const page = await context.newPage();
  const config = JSON.stringify({ uniqueId: visitor, ...options });
  const html = `<!doctype html><html lang="en"><title>Order</title><body>${BODY}
    <script>window.BatonConfig = ${config}</script>
    <script async src="${baton.origin}/cobrowse/assets/visitor.js"></script>`;
  site.serve("/sent", { html: "<title>Sent</title>" });
  await page.goto(site.serve("/order", { html }));
  const agent = await desk.watch(visitor);
  const overlay = await Overlay.of(page);
  await overlay.click("button", options.texts?.allow ?? "Allow");
  await agent.sees();
  return { page, agent, overlay, userId: agent.welcome?.userId ?? "" };
}

/** A page that Ann also controls. */
async function controlled(options: Options = {}): Promise<Shared> {
  const it = await shared(options);
  it.agent.say({ type: "requestControl" });
  await it.overlay.find("dialog", "Ann would like to control this page");
  await it.overlay.click("button", "Give control");
  await expect.poll(() => it.agent.session?.control, POLL).toBe(it.userId);
  return it;
}

/** Does these, and waits until the page has heard of the last one. */
async function does({ page, agent }: Shared, ...gestures: FromViewer[]): Promise<string[]> {
  await page.evaluate(() => {
    (window as unknown as { heard: string[] }).heard = [];
  });
  // Whatever is refused leaves no trace: what comes after it does.
  for (const gesture of [...gestures, { type: "click", node: 11, x: 1, y: 1 } as const])
    agent.say(gesture);
  await expect.poll(() => heard(page), POLL).toContain("click 11");
  const all = await heard(page);
  return all.slice(0, all.indexOf("pointerdown 11"));
}

function heard(page: Page): Promise<string[]> {
  return page.evaluate(() => (window as unknown as { heard: string[] }).heard);
}

function value(page: Page, id: number): Promise<string> {
  return page.locator(`[data-id="${id}"]`).inputValue();
}

test("control is asked for by name, and taken back by the visitor", async () => {
  const it = await controlled();
  await it.overlay.find("StaticText", "Ann can see and control this page");
  await does(it, { type: "type", node: 1, text: "Vera" });
  expect(await value(it.page, 1)).toBe("Vera");

  await it.overlay.click("button", "Take back control");
  await expect.poll(() => it.agent.session?.control, POLL).toBeUndefined();
  await it.overlay.find("StaticText", "Ann can see this page");
  it.agent.say({ type: "type", node: 1, text: "!" });
  await expect.poll(() => it.agent.heard.at(-1), POLL).toMatchObject({ code: "noControl" });
  expect(await value(it.page, 1)).toBe("Vera");
});

test("who is not given control is told", async () => {
  const it = await shared();
  it.agent.say({ type: "requestControl" });
  await it.overlay.find("dialog", "Ann would like to control this page");
  await it.page.keyboard.press("Escape");
  await expect.poll(() => it.agent.heard.at(-1)?.type, POLL).toBe("controlDeclined");
  await it.overlay.isGone("dialog", /control/);
  expect(it.agent.session?.status).toBe("active");
});

test("a click is all that a page hears of one, and operates what it hits", async () => {
  const it = await controlled();
  const { page } = it;
  const events = await does(it, { type: "click", node: 3, x: 3, y: 3 });
  expect(events).toEqual([
    "pointerdown 3",
    "mousedown 3",
    "focusin 3",
    "pointerup 3",
    "mouseup 3",
    "click 3",
    "input 3",
    "change 3",
  ]);
  expect(await page.locator('[data-id="3"]').isChecked()).toBe(true);
  await does(it, { type: "click", node: 2, x: 1, y: 1 });
  expect(await page.locator('[data-id="3"]').isChecked()).toBe(false);
  await does(it, { type: "click", node: 15, x: 1, y: 1 });
  expect(new URL(page.url()).hash).toBe("#there");
  const others = await does(
    it,
    { type: "click", node: 15, x: 1, y: 1, button: 1 },
    { type: "click", node: 15, x: 1, y: 1, button: 2 },
  );
  expect(others.filter((event) => /click|menu/.test(event))).toEqual([
    "auxclick 15",
    "contextmenu 15",
    "auxclick 15",
  ]);
});

test("a click is where the agent aimed, and is shown", async () => {
  const it = await controlled();
  await it.page.evaluate(() => {
    addEventListener("click", ({ clientX, clientY }) =>
      Object.assign(window, { at: [clientX, clientY] }),
    );
  });
  const box = await it.page.locator('[data-id="11"]').boundingBox();
  it.agent.say({ type: "click", node: 11, x: 7, y: 5 });
  await expect
    .poll(() => it.page.evaluate(() => (window as { at?: number[] }).at), POLL)
    .toEqual([Math.floor((box?.x ?? 0) + 7), Math.floor((box?.y ?? 0) + 5)]);
});

test("text is typed at the caret, in a way that frameworks notice", async () => {
  const it = await controlled();
  const { page } = it;
  // As React does: a property of the element itself notices what scripts set.
  await page.locator('[data-id="1"]').evaluate((field: HTMLInputElement) => {
    const own = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value");
    let known = field.value;
    Object.defineProperty(field, "value", {
      configurable: true,
      get: () => own?.get?.call(field),
      set: (text) => {
        known = String(text);
        own?.set?.call(field, text);
      },
    });
    field.addEventListener("input", () => {
      if (own?.get?.call(field) !== known)
        Object.assign(window, { noticed: own?.get?.call(field) });
    });
  });
  const events = await does(
    it,
    { type: "type", node: 1, text: "Vra" },
    { type: "key", node: 1, key: "ArrowLeft" },
    { type: "key", node: 1, key: "Home" },
    { type: "key", node: 1, key: "ArrowRight" },
    { type: "type", node: 1, text: "e" },
  );
  expect(await value(page, 1)).toBe("Vera");
  expect(await page.evaluate(() => (window as { noticed?: string }).noticed)).toBe("Vera");
  expect(events.slice(0, 3)).toEqual(["focusin 1", "beforeinput 1", "input 1"]);
  expect(await heard(page)).toContain("change 1");
  await does(it, { type: "type", node: 1, text: "nica Maria" });
  expect(await value(page, 1)).toBe("Venicara".slice(0, 8));
});

test("keys edit fields", async () => {
  const it = await controlled();
  await does(
    it,
    { type: "key", node: 7, key: "End" },
    { type: "key", node: 7, key: "Backspace" },
    { type: "key", node: 7, key: "Enter" },
    { type: "key", node: 7, key: "x" },
    { type: "key", node: 7, key: "Home" },
    { type: "key", node: 7, key: "Delete" },
    { type: "key", node: 8, key: "ArrowUp" },
    { type: "key", node: 3, key: " " },
    { type: "type", node: 14, text: "est" },
  );
  expect(await value(it.page, 7)).toBe("b\nx");
  expect(await value(it.page, 8)).toBe("2");
  expect(await it.page.locator('[data-id="3"]').isChecked()).toBe(true);
  expect(await it.page.locator('[data-id="14"]').textContent()).toBe("Dearest");
});

test("options are chosen by name and by arrows", async () => {
  const it = await controlled();
  expect(await does(it, { type: "type", node: 4, text: "Blue" })).toEqual([
    "focusin 4",
    "input 4",
    "change 4",
  ]);
  expect(await value(it.page, 4)).toBe("Blue");
  await does(it, { type: "key", node: 4, key: "ArrowUp" });
  expect(await value(it.page, 4)).toBe("Red");
});

test("what is masked, files, and the sending of forms are refused", async () => {
  const it = await controlled();
  const events = await does(
    it,
    { type: "click", node: 5, x: 2, y: 2 },
    { type: "click", node: 13, x: 2, y: 2 },
    { type: "click", node: 6, x: 2, y: 2 },
    { type: "click", node: 12, x: 2, y: 2 },
    { type: "click", node: 10, x: 2, y: 2 },
    { type: "click", node: 404, x: 2, y: 2 },
    { type: "type", node: 6, text: "4111" },
    { type: "type", node: 9, text: "no" },
    { type: "key", node: 10, key: " " },
    { type: "key", node: 10, key: "Enter" },
    { type: "key", node: 1, key: "Enter" },
  );
  expect(events.filter((event) => /click|submit|file|input/.test(event))).toEqual([]);
  expect(await it.page.locator("#masked").isChecked()).toBe(false);
  expect(await value(it.page, 6)).toBe("");
  expect(await value(it.page, 9)).toBe("fixed");
  expect(new URL(it.page.url()).pathname).toBe("/order");
});

test("a site may let agents send forms", async () => {
  const it = await controlled({ allowSubmit: true });
  it.agent.say({ type: "key", node: 1, key: "Enter" });
  await it.page.waitForURL(`${site.origin}/sent**`);
});

test("the page and its parts are scrolled, and pages are changed, to the web only", async () => {
  const it = await controlled();
  it.agent.say({ type: "scroll", x: 0, y: 700 });
  await expect.poll(() => it.page.evaluate(() => scrollY), POLL).toBe(700);
  it.agent.say({ type: "scroll", node: 16, x: 0, y: 300 });
  await expect
    .poll(() => it.page.locator('[data-id="16"]').evaluate((part) => part.scrollTop), POLL)
    .toBe(300);
  it.agent.say({ type: "redirect", url: `${site.origin}/sent` });
  await it.page.waitForURL(`${site.origin}/sent`);
});

test("cursors, spotlights and drawings are shown, and go with who made them", async () => {
  const it = await shared();
  const { agent, overlay } = it;
  const drawn = { color: "#1d5fbf", id: "1" };
  agent.say({ type: "cursor", x: 300, y: 200 });
  agent.say({ type: "pointer", x: 500, y: 220 });
  agent.say({
    type: "draw",
    points: [
      [100, 300],
      [200, 320],
    ],
    ...drawn,
  });
  agent.say({ type: "draw", points: [[300, 300]], ...drawn });
  agent.say({
    type: "draw",
    points: [
      [100, 400],
      [200, 420],
    ],
    color: "#b3391f",
  });
  await expect.poll(() => overlay.count("cursor"), POLL).toBe(1);
  await expect.poll(() => overlay.count("spot"), POLL).toBe(1);
  await expect.poll(() => overlay.count("stroke"), POLL).toBe(2);
  // What is shown on top takes no clicks.
  await it.page.mouse.click(300, 200);
  agent.say({ type: "clear" });
  await expect.poll(() => overlay.count("stroke"), POLL).toBe(0);
});

test("the banner can be made small, and moved out of the way", async () => {
  const { overlay, page } = await shared();
  await overlay.click("button", "Make this smaller");
  await overlay.isGone("button", "Stop sharing");
  await overlay.click("button", "Show all");
  const before = await overlay.box("button", "Stop sharing");
  const banner = await overlay.box("region", "Shared page");
  await page.mouse.move(banner.x + 5, banner.y + 5);
  await page.mouse.down();
  await page.mouse.move(banner.x + 5, banner.y - 195);
  await page.mouse.up();
  const after = await overlay.box("button", "Stop sharing");
  expect(before.y - after.y).toBe(200);
  expect(after.height).toBeGreaterThanOrEqual(44);
});

test("a site's own words are used", async () => {
  const { overlay } = await shared({
    texts: { allow: "Erlauben", stop: "Beenden", language: "de" },
  });
  await overlay.find("button", "Beenden");
});
