/** What agents show to a visitor, and control: asked for, given, taken back. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { POLL } from "../support/patience.ts";
import { control, does, share, value } from "./order.ts";
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

test("control is asked for by name, and taken back by the visitor", async () => {
  const it = await control(shop);
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
  const it = await share(shop);
  it.agent.say({ type: "requestControl" });
  await it.overlay.find("dialog", "Ann would like to control this page");
  await it.page.keyboard.press("Escape");
  await expect.poll(() => it.agent.heard.at(-1)?.type, POLL).toBe("controlDeclined");
  await it.overlay.isGone("dialog", /control/);
  expect(it.agent.session?.status).toBe("active");
});

test("cursors, spotlights and drawings are shown on top, and are in nobody's way", async () => {
  const it = await share(shop);
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
  const hit = await it.page.evaluate(() => document.elementFromPoint(502, 250)?.localName);
  expect(hit).not.toBe("baton-overlay");
  agent.say({ type: "clear" });
  await expect.poll(() => overlay.count("stroke"), POLL).toBe(0);
});

test("a line without an end keeps its newest part only, and many lines do not add up", async () => {
  const { agent, overlay } = await share(shop);
  const color = "#1d5fbf";
  const points = Array.from({ length: 256 }, (_, i): [number, number] => [i, 300]);
  for (let i = 0; i < 40; i += 1) agent.say({ type: "draw", points, color, id: "1" });
  agent.say({ type: "draw", points: [[777, 300]], color, id: "1" });
  const drawn = async () => (await overlay.attributes("d")).filter((d) => d.includes("L"));
  await expect.poll(async () => (await drawn()).join(), POLL).toMatch(/L777 300$/);
  const steps = async () => (await drawn()).join("").split("L").length - 1;
  expect(await steps()).toBeGreaterThan(1_000);
  expect(await steps()).toBeLessThan(3_000);
  for (let i = 0; i < 60; i += 1) agent.say({ type: "draw", points, color });
  agent.say({ type: "pointer", x: 5, y: 5 });
  await expect.poll(() => overlay.count("spot"), POLL).toBe(1);
  expect(await steps()).toBeLessThan(11_000);
});

test("the banner can be made small, and moved out of the way", async () => {
  const { overlay, page } = await share(shop);
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
  const { overlay } = await share(shop, {
    texts: { allow: "Erlauben", stop: "Beenden", language: "de" },
  });
  await overlay.find("button", "Beenden");
});
