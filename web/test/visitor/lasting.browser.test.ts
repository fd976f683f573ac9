/** Sessions that outlast pages, networks and tabs, and those that must not. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { Agent } from "../support/agent.ts";
import { Overlay } from "../support/overlay.ts";
import { POLL } from "../support/patience.ts";
import { accept, recorders, Shop } from "./shop.ts";

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

test("a session goes on after a reload, and in the next page", async () => {
  const { page } = await shop.customer();
  const agent = await shop.desk.watch(shop.visitor);
  await accept(page, agent);
  const first = await agent.sees();
  await page.reload();
  const second = await agent.sees(first);
  await page.goto(`${shop.site.origin}/other`);
  await agent.sees(second);
  await (await Overlay.of(page)).find("button", "Stop sharing");
  expect(agent.session?.status).toBe("active");
});

test("while the node is away the banner says so, and the session goes on when it is back", async () => {
  const { page } = await shop.customer({}, shop.outage.origin);
  const agent = await shop.desk.watch(shop.visitor);
  const overlay = await accept(page, agent);
  const first = await agent.sees();
  shop.outage.cut();
  await overlay.find("StaticText", "Reconnecting…");
  await expect.poll(() => agent.session?.visitorConnected, POLL).toBe(false);
  shop.outage.mend();
  await agent.sees(first);
  await overlay.isGone("StaticText", "Reconnecting…");
  expect(await recorders(page)).toBe(1);
});

test("what the visitor stopped while the node was away does not come back", async () => {
  const { page } = await shop.customer({}, shop.outage.origin);
  const agent = await shop.desk.watch(shop.visitor);
  const overlay = await accept(page, agent);
  const newest = await agent.sees();
  shop.outage.cut();
  await overlay.find("StaticText", "Reconnecting…");
  await overlay.click("button", "Stop sharing");
  await overlay.find("StaticText", /^You stopped sharing/);
  expect(await recorders(page)).toBe(0);
  // A page without the script comes between: it can tell nobody either.
  await page.reload();
  shop.outage.mend();
  await page.reload();
  await agent.reaches("terminated");
  expect(agent.session?.endedBy).toBe("customer");
  expect(agent.frames.filter((frame) => frame.epoch > newest)).toEqual([]);
});

test("a page that the browser keeps for Back is away, and comes back", async () => {
  const { page } = await shop.customer();
  const agent = await shop.desk.watch(shop.visitor);
  await accept(page, agent);
  const first = await agent.sees();
  const turn = (type: string) =>
    page.evaluate((type) => {
      window.dispatchEvent(new PageTransitionEvent(type, { persisted: true }));
    }, type);
  await turn("pagehide");
  await expect.poll(() => agent.session?.visitorConnected, POLL).toBe(false);
  expect(await recorders(page)).toBe(0);
  await turn("pageshow");
  await agent.sees(first);
  expect(await recorders(page)).toBe(1);
});

test("a duplicated tab stands by, and takes over when the first one is closed", async () => {
  const { page, context } = await shop.customer();
  const agent = await shop.desk.watch(shop.visitor);
  await accept(page, agent);
  const stored = await page.evaluate(() => ({ ...sessionStorage }));
  const copy = await context.newPage();
  await copy.addInitScript((stored) => {
    for (const [name, value] of Object.entries(stored)) sessionStorage.setItem(name, value);
  }, stored);
  await copy.goto(`${shop.site.origin}/shop`);
  await shop.reaches(copy, "standby");
  expect(await copy.locator("baton-overlay").count()).toBe(0);
  expect(await recorders(copy)).toBe(0);
  expect(await page.evaluate(() => window.Baton?.status)).toBe("active");

  await page.close();
  await shop.reaches(copy, "active");
  await (await Overlay.of(copy)).find("button", "Stop sharing");
});

test("a window that the page opens is not shown, however the first one moves on", async () => {
  const { page, context } = await shop.customer();
  const agent = await shop.desk.watch(shop.visitor);
  await accept(page, agent);
  const newest = await agent.sees();
  const [popup] = await Promise.all([
    context.waitForEvent("page"),
    page.evaluate(() => void window.open("/other")),
  ]);
  await shop.reaches(popup, "standby");
  await page.goto(`${shop.site.origin}/other`);
  const next = await agent.sees(newest);
  await page.reload();
  await agent.sees(next);
  expect(await page.evaluate(() => window.Baton?.status)).toBe("active");
  expect(await popup.evaluate(() => window.Baton?.status)).toBe("standby");
  // A session of its own is no reason to leave the visitor to the other one.
  await page.evaluate(() => window.Baton?.stop());
  await shop.reaches(page, "online");
  await page.evaluate(() => window.Baton?.createCode());
  await page.evaluate(() => window.Baton?.stop());
  await shop.reaches(page, "online");
  expect(await popup.evaluate(() => window.Baton?.status)).toBe("standby");
});

test("an epoch that is too old for the node is followed by one that is not", async () => {
  const { page, context } = await shop.customer();
  let tell = (_: string) => {};
  await context.routeWebSocket(/socket\/visitor/, (socket) => {
    socket.connectToServer();
    tell = (message) => socket.send(message);
  });
  await page.reload();
  const agent = await shop.desk.watch(shop.visitor);
  await accept(page, agent);
  const newest = await agent.sees();
  tell(JSON.stringify({ type: "error", code: "oldEpoch", detail: "" }));
  await agent.sees(newest + 100);
});

test("a session that is replaced at once leaves no connection", async () => {
  const { page, context } = await shop.customer({ presence: false });
  await context.addInitScript(() => {
    Object.defineProperty(Navigator.prototype, "locks", { value: undefined });
  });
  await page.reload();
  await shop.reaches(page, "idle");
  const sockets: string[] = [];
  page.on("websocket", (socket) => sockets.push(new URL(socket.url()).search));
  const refusals = await page.evaluate(async () => {
    const starts = ["first", "second"].map((token) => window.Baton?.start(token));
    return (await Promise.allSettled(starts)).map(({ status }) => status);
  });
  expect(refusals).toEqual(["rejected", "rejected"]);
  expect(sockets).toEqual(["?token=second"]);
});

test("a code begins a session, which lasts from page to page until it is stopped", async () => {
  const { page } = await shop.customer({ presence: false });
  const code = await page.evaluate(() => window.Baton?.createCode());
  expect(code).toMatch(/^\d+$/);
  const agent = await Agent.byCode(shop.baton.origin, code ?? "");
  await (await Overlay.of(page)).click("button", "Allow");
  const first = await agent.sees();
  await page.goto(`${shop.site.origin}/other`);
  await agent.sees(first);
  const overlay = await Overlay.of(page);
  await overlay.click("button", "Stop sharing");
  await agent.reaches("terminated");
  await shop.reaches(page, "idle");
  await page.reload();
  await shop.reaches(page, "idle");
});

test("a second session is refused while one is on, and a token of none is", async () => {
  const { page } = await shop.customer();
  const refused = (token: string) =>
    page.evaluate((token) => window.Baton?.start(token).catch((error) => error.message), token);
  expect(await refused("x".repeat(20))).toMatch(/^Baton: Use the token as it was given/);
  await shop.reaches(page, "online");
  await page.evaluate(() => window.Baton?.createCode());
  expect(
    await page.evaluate(() => window.Baton?.createCode().catch((error) => error.message)),
  ).toContain("Baton.stop()");
});

test("a copy of a tab with a session of its own waits until that tab is gone", async () => {
  const { page, context } = await shop.customer({ presence: false });
  const code = await page.evaluate(() => window.Baton?.createCode());
  const agent = await Agent.byCode(shop.baton.origin, code ?? "");
  await accept(page, agent);
  const [copy] = await Promise.all([
    context.waitForEvent("page"),
    page.evaluate(() => void window.open("/shop")),
  ]);
  expect(await copy.evaluate(() => sessionStorage.getItem("baton:session"))).not.toBeNull();
  await shop.reaches(copy, "standby");
  expect(await page.evaluate(() => window.Baton?.status)).toBe("active");

  // The first one's next page is still the first one.
  const newest = await agent.sees();
  await page.goto(`${shop.site.origin}/other`);
  const next = await agent.sees(newest);
  expect(await page.evaluate(() => window.Baton?.status)).toBe("active");
  expect(await copy.evaluate(() => window.Baton?.status)).toBe("standby");
  await page.close();
  await agent.sees(next);
  await shop.reaches(copy, "active");
});

test("where browsers have no locks the newest page wins, and the older one stands by", async () => {
  const { page, context } = await shop.customer({ presence: false });
  await context.addInitScript(() => {
    Object.defineProperty(Navigator.prototype, "locks", { value: undefined });
  });
  await page.reload();
  const code = await page.evaluate(() => window.Baton?.createCode());
  const agent = await Agent.byCode(shop.baton.origin, code ?? "");
  await accept(page, agent);
  const [copy] = await Promise.all([
    context.waitForEvent("page"),
    page.evaluate(() => void window.open("/shop")),
  ]);
  await shop.reaches(copy, "active");
  await shop.reaches(page, "standby");
  expect(await page.locator("baton-overlay").count()).toBe(0);
});
