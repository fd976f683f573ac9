/** The agents' viewer in a real browser against a real node; the visitor is a stand-in. */
import type { Frame, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { Baton } from "./baton.ts";
import { Browser } from "./browser.ts";
import { PageServer } from "./pages.ts";
import { added, Desk, documentOf, node, Visitor } from "./visitor.ts";

let shop: PageServer;
let baton: Baton;
let browser: Browser;
let desk: Desk;

beforeAll(async () => {
  shop = await PageServer.start();
  baton = await Baton.start({ BATON_COBROWSE__ALLOWED_ORIGINS: shop.origin });
  browser = await Browser.start();
  desk = await Desk.open(baton);
});

afterAll(async () => {
  await browser?.stop();
  await baton?.stop();
  await shop?.stop();
});

afterEach(async () => {
  await browser.tidy();
});

const SHOP = () => documentOf([node("h1", {}, ["Shop"])]);

async function scene(viewer: Page | Frame, name: string): Promise<void> {
  await viewer.locator(`html[data-scene="${name}"]`).waitFor();
}

function mirror(viewer: Page | Frame) {
  return viewer.frameLocator("#mirror iframe");
}

test("an agent sees the page, and every change of it, after the visitor accepted", async () => {
  const visitor = await Visitor.arrive({ browser, baton, shop });
  const viewer = await browser.page();
  await viewer.goto(await desk.link(visitor));
  await scene(viewer, "asking");
  await visitor.accept();
  await visitor.shows(SHOP());
  await scene(viewer, "live");
  await mirror(viewer).locator("h1", { hasText: "Shop" }).waitFor();
  await visitor.delta(added(node("p", {}, ["More"])));
  await mirror(viewer).locator("p", { hasText: "More" }).waitFor();
});
