/** The loader on pages of a site, against a real node: presence, and what an ordinary page view costs. */
import { readFile } from "node:fs/promises";
import { gzipSync } from "node:zlib";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { PageServer } from "../support/pages.ts";
import { POLL } from "../support/patience.ts";
import { accept, Shop } from "./shop.ts";

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

test("a visitor is listed with what the page tells, and without the query of its address", async () => {
  const { page } = await shop.customer({ identities: ["vera@example.com"], tags: ["gold"] });
  const listed = await shop.desk.visitor(shop.visitor);
  expect(listed).toMatchObject({
    unique_id: shop.visitor,
    identities: ["vera@example.com"],
    tags: ["gold"],
    last_url: `${new URL(shop.site.origin).host}/shop`,
    browser_name: "Chrome",
    device_type: "desktop",
  });
  await expect
    .poll(() => page.evaluate(() => window.Baton?.lookupCode), POLL)
    .toBe(listed.lookup_code);

  await page.evaluate(() => {
    history.pushState(null, "", "/basket?voucher=secret#pay");
    window.Baton?.identify({ tags: ["gold", "basket"] });
  });
  await expect
    .poll(async () => {
      const [{ last_url, tags, identities } = {}] = await shop.desk.list(shop.visitor);
      return { last_url, tags, identities };
    }, POLL)
    .toEqual({
      last_url: `${new URL(shop.site.origin).host}/basket`,
      tags: ["gold", "basket"],
      identities: ["vera@example.com"],
    });
});

test("browsers without the Navigation API are watched all the same", async () => {
  const context = await shop.browser.context();
  await context.addInitScript(() =>
    Object.defineProperty(window, "navigation", { value: undefined }),
  );
  const page = await context.newPage();
  await page.goto(shop.site.serve("/old", { html: shop.html("<h1>Old</h1>") }));
  await shop.desk.visitor(shop.visitor);
  const own = await page.evaluate(() => {
    history.pushState(null, "", "/older");
    return String(history.pushState);
  });
  expect(own).toContain("[native code]");
  await expect
    .poll(async () => (await shop.desk.list(shop.visitor))[0]?.last_url, POLL)
    .toBe(`${new URL(shop.site.origin).host}/older`);
});

test("a page that changes its address all the time tells it seldom, and no card number", async () => {
  const { page } = await shop.customer();
  const said: string[] = [];
  page.on("websocket", (socket) =>
    socket.on("framesent", ({ payload }) => said.push(String(payload))),
  );
  await page.reload();
  const agent = await shop.desk.watch(shop.visitor);
  await accept(page, agent);
  await page.evaluate(() => {
    for (let i = 0; i < 60; i += 1) history.replaceState(null, "", `/map/${i}`);
    history.pushState(null, "", "/card/4111111111111111?a=1");
  });
  const { host } = new URL(shop.site.origin);
  await expect
    .poll(() => agent.heard.at(-1), POLL)
    .toEqual({ type: "page", url: `${host}/card/${"*".repeat(16)}` });
  await expect
    .poll(async () => (await shop.desk.list(shop.visitor))[0]?.last_url, POLL)
    .toBe(`${host}/card/${"*".repeat(16)}`);
  const types = said.filter((it) => it.startsWith("{")).map((it) => JSON.parse(it).type);
  expect(types.filter((type) => type === "page").length).toBeLessThanOrEqual(3);
  expect(types.filter((type) => type === "profile").length).toBeLessThanOrEqual(3);
  expect(said.join()).not.toContain("4111");
  expect(await page.evaluate(() => String(history.pushState))).toContain("[native code]");
});

test("the loader is small", async () => {
  const script = await readFile(new URL("../../dist/cobrowse/visitor.js", import.meta.url));
  expect(gzipSync(script, { level: 9 }).length).toBeLessThanOrEqual(6_144);
});

test("an ordinary page view loads the loader only", async () => {
  const { page, loaded } = await shop.customer();
  await shop.desk.visitor(shop.visitor);
  expect(loaded.filter((path) => path.startsWith("/cobrowse/"))).toEqual([
    "/cobrowse/assets/visitor.js",
  ]);
  expect(await page.locator("baton-overlay").count()).toBe(0);
});

test("in a frame it does nothing", async () => {
  const framed = shop.site.serve("/framed", { html: shop.html("<h1>Framed</h1>") });
  const page = await shop.browser.page();
  const scripts: string[] = [];
  page.on("requestfinished", (request) => scripts.push(new URL(request.url()).pathname));
  const sockets: string[] = [];
  page.on("websocket", (socket) => sockets.push(socket.url()));
  await page.goto(shop.site.serve("/frame", { html: `<iframe src="${framed}"></iframe>` }));
  await expect.poll(() => scripts, POLL).toContain("/cobrowse/assets/visitor.js");
  const frame = page.frames().at(-1);
  await expect.poll(() => frame?.evaluate(() => document.readyState), POLL).toBe("complete");
  expect(await frame?.evaluate(() => typeof window.Baton)).toBe("undefined");
  expect(sockets).toEqual([]);
});

test("a site that is not listed is told which setting to change", async () => {
  const stranger = await PageServer.start();
  try {
    const page = await shop.browser.page();
    const warned = page.waitForEvent("console", (message) => message.text().startsWith("Baton:"));
    await page.goto(stranger.serve("/", { html: shop.html("<h1>Stranger</h1>") }));
    const text = (await warned).text();
    expect(text).toContain(stranger.origin);
    expect(text).toContain("cobrowse.allowed_origins");
  } finally {
    await stranger.stop();
  }
});

test("without presence there is no socket before a session", async () => {
  const { page } = await shop.customer({ presence: false });
  await shop.reaches(page, "idle");
  expect(await shop.desk.list(shop.visitor)).toEqual([]);
});
