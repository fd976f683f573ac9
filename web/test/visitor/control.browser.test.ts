/** What agents with control do to a page, and what they cannot. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { POLL } from "../support/patience.ts";
import { control, does, heard, value } from "./order.ts";
import { Shop } from "./shop.ts";

let shop: Shop;

beforeAll(async () => {
  shop = await Shop.open();
});

afterAll(async () => {
  await shop?.close();
});

beforeEach(() => {
  shop.nextVisitor();
});

afterEach(async () => {
  await shop.tidy();
});

test("a click is all that a page hears of one, and operates what it hits", async () => {
  const it = await control(shop);
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

test("a click is where the agent aimed", async () => {
  const it = await control(shop);
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
  const it = await control(shop);
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
  const it = await control(shop);
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
  const it = await control(shop);
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
  const it = await control(shop);
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

test("nor does the page send a form for an agent, but for the visitor it does", async () => {
  const it = await control(shop);
  const events = await does(
    it,
    { type: "click", node: 17, x: 5, y: 5 },
    { type: "click", node: 18, x: 5, y: 5 },
  );
  expect(events).toContain("click 17");
  expect(events).toContain("checked");
  expect(events).not.toContain("submit");
  expect(new URL(it.page.url()).pathname).toBe("/order");
  await it.page.locator('[data-id="17"]').click();
  await it.page.waitForURL(`${shop.site.origin}/sent**`);
});

test("nor is a form sent that is in a shadow root", async () => {
  const it = await control(shop);
  await it.page.evaluate(() => {
    const host = document.createElement("div");
    document.body.prepend(host);
    const root = host.attachShadow({ mode: "open" });
    root.innerHTML = '<form action="/sent"><b tabindex="0">Send</b></form>';
    const form = root.querySelector("form");
    root.addEventListener("submit", () => host.append("sent"));
    root.querySelector("b")?.addEventListener("click", () => form?.requestSubmit());
    // The stand-in for the recorder finds it by its id, in the document only.
    const find = document.querySelector.bind(document);
    document.querySelector = (selector: string) =>
      selector === '[data-id="19"]' ? root.querySelector("b") : find(selector);
  });
  await does(it, { type: "click", node: 19, x: 2, y: 2 });
  expect(new URL(it.page.url()).pathname).toBe("/order");
  expect(await it.page.getByText("sent", { exact: true }).count()).toBe(0);
});

test("a site may let agents send forms", async () => {
  const it = await control(shop, { allowSubmit: true });
  it.agent.say({ type: "key", node: 1, key: "Enter" });
  await it.page.waitForURL(`${shop.site.origin}/sent**`);
});

test("the page and its parts are scrolled, and pages are changed, to the web only", async () => {
  const it = await control(shop);
  it.agent.say({ type: "scroll", x: 0, y: 700 });
  await expect.poll(() => it.page.evaluate(() => scrollY), POLL).toBe(700);
  it.agent.say({ type: "scroll", node: 16, x: 0, y: 300 });
  await expect
    .poll(() => it.page.locator('[data-id="16"]').evaluate((part) => part.scrollTop), POLL)
    .toBe(300);
  it.agent.say({ type: "redirect", url: `${shop.site.origin}/sent` });
  await it.page.waitForURL(`${shop.site.origin}/sent`);
});
