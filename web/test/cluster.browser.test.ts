/** Two nodes behind a balancer without stickiness: the node that hosts a session dies, the session goes on. */
import type { FrameLocator, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { Balancer } from "./support/balancer.ts";
import { Baton } from "./support/baton.ts";
import { Browser } from "./support/browser.ts";
import { isShopper } from "./support/demo-shop.ts";
import { Desk } from "./support/desk.ts";
import { Overlay } from "./support/overlay.ts";
import { Redis } from "./support/redis.ts";

const API_KEY = "the key of the agents' application, for tests";
const SECRET = "a secret that every node of a test's cluster shares";

let redis: Redis;
let balancer: Balancer;
let browser: Browser;
let nodes: [Baton, Baton];

beforeAll(async () => {
  redis = await Redis.start();
  balancer = await Balancer.start();
  browser = await Browser.start();
});

afterAll(async () => {
  await browser?.stop();
  await balancer?.stop();
  await redis?.stop();
});

beforeEach(async () => {
  const node = (name: string) =>
    Baton.start({
      BATON_NODE__NAME: name,
      BATON_NODE__DRAIN_SECONDS: "0",
      BATON_STORE__URL: redis.url,
      BATON_CLUSTER__SECRET: SECRET,
      BATON_AUTH__SECRET: SECRET,
      BATON_WATCH__API_KEY: API_KEY,
      BATON_PUBLIC_URL: balancer.origin,
    });
  nodes = await Promise.all([node("left"), node("right")]);
});

afterEach(async () => {
  await browser.tidy();
  await Promise.all(nodes.map((node) => node.stop()));
});

/** A shop at one node, and its viewer at the other. */
async function apart(name: string): Promise<{ page: Page; viewer: Page; mirror: FrameLocator }> {
  const [host, other] = nodes;
  balancer.to(host.origin);
  const context = await browser.context();
  await isShopper(context, { uniqueId: name });
  const page = await context.newPage();
  await page.goto(`${balancer.origin}/demo/shop.html`);
  await page.waitForFunction(() => window.Baton?.lookupCode);
  balancer.to(other.origin);
  const viewer = await browser.page();
  await viewer.goto(await (await Desk.of(balancer, API_KEY)).link(name));
  await (await Overlay.of(page)).click("button", "Allow");
  await viewer.locator('html[data-scene="live"]').waitFor();
  return { page, viewer, mirror: viewer.frameLocator("#mirror iframe") };
}

async function add(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Add house blend" }).click();
}

async function counts(mirror: FrameLocator, pieces: string): Promise<void> {
  await mirror.locator("[data-cart-count]", { hasText: pieces }).waitFor();
}

test("the node that hosts a session is killed, and the mirror goes on", async () => {
  const { page, viewer, mirror } = await apart("kay");
  await add(page);
  await counts(mirror, "1");

  await nodes[0].kill();
  // The viewer's own connection is to the other node, and stays.
  await viewer.locator('html[data-scene="left"], html[data-scene="live"]').waitFor();
  await add(page);
  await counts(mirror, "2");
  await viewer.locator('html[data-scene="live"]').waitFor();
  await (await Overlay.of(page)).find("button", "Stop sharing");
  await add(page);
  await counts(mirror, "3");
});

test("the network changes, and both ends come back to the session", async () => {
  const { page, viewer, mirror } = await apart("nell");
  balancer.cut();
  await add(page);
  await counts(mirror, "1");
  await viewer.locator('html[data-scene="live"]').waitFor();
  expect(await viewer.locator("#headline").textContent()).toBe("");
});
