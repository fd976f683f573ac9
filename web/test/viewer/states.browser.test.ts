/** The agents' viewer in a real browser against a real node: what it shows of a session, and when. */
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { POLL } from "../support/patience.ts";
import { added, node, SIZE } from "./visitor.ts";
import { mirror, scene, shopPage, Watching } from "./watching.ts";

let here: Watching;

beforeAll(async () => {
  here = await Watching.start({ BATON_COBROWSE__RECONNECT_GRACE_SECONDS: "20" });
});

afterAll(async () => {
  await here?.stop();
});

afterEach(async () => {
  await here.browser.tidy();
});

const HEADLINE = "#headline";

test("an agent sees the page, and every change of it, after the visitor accepted", async () => {
  const visitor = await here.visitor();
  const viewer = await here.viewer(visitor);
  await scene(viewer, "asking");
  expect(await viewer.locator(HEADLINE).textContent()).toContain("to accept");
  await visitor.accept();
  await visitor.shows(shopPage());
  await scene(viewer, "live");
  await mirror(viewer).locator("h1", { hasText: "Shop" }).waitFor();
  await visitor.delta(added(node("p", {}, ["More"])));
  await mirror(viewer).locator("p", { hasText: "More" }).waitFor();
});

test("a second viewer that comes late sees what the first one sees", async () => {
  const { visitor, viewer } = await here.live();
  await visitor.delta(added(node("p", {}, ["One"])));
  await mirror(viewer).locator("p", { hasText: "One" }).waitFor();
  const second = await here.viewer(visitor);
  await mirror(second).locator("p", { hasText: "One" }).waitFor();
  await visitor.delta(added(node("p", {}, ["Two"])));
  await mirror(second).locator("p", { hasText: "Two" }).waitFor();
  await expect
    .poll(() => viewer.locator("#people").getAttribute("aria-label"), POLL)
    .toBe("2 agents watching");
});

test("after something is missing, what follows is void until a snapshot comes", async () => {
  const { visitor, viewer } = await here.live();
  await visitor.page.evaluate(() => {
    window.standIn.sequence += 1;
  });
  await visitor.delta(added(node("p", {}, ["Void"])));
  await expect
    .poll(async () => (await visitor.heard("snapshotRequest")).length, POLL)
    .toBeGreaterThanOrEqual(2);
  await visitor.page.evaluate(([node, size]) => window.standIn.again(node, size), [
    shopPage(node("p", {}, ["Whole again"])),
    SIZE,
  ] as const);
  await mirror(viewer).locator("p", { hasText: "Whole again" }).waitFor();
  expect(await mirror(viewer).locator("p", { hasText: "Void" }).count()).toBe(0);
  await visitor.delta(added(node("p", {}, ["On and on"])));
  await mirror(viewer).locator("p", { hasText: "On and on" }).waitFor();
});

test("an event that cannot be shown costs a resync, and never the picture", async () => {
  const { visitor, viewer } = await here.live();
  const said: string[] = [];
  // The first socket is open already: a reload opens another, which is heard.
  viewer.on("websocket", (socket) =>
    socket.on("framesent", ({ payload }) => said.push(String(payload))),
  );
  await viewer.reload();
  await scene(viewer, "live");
  // rrweb knows no interaction of this kind, and throws. The node's tape brings it a second time.
  await visitor.delta({ source: 2, type: 99, id: 3 });
  await expect.poll(() => said, POLL).toContain('{"type":"resync"}');
  await visitor.delta(added(node("p", {}, ["On and on"])));
  await mirror(viewer).locator("p", { hasText: "On and on" }).waitFor();
  await mirror(viewer).locator("h1", { hasText: "Shop" }).waitFor();
});

test("a reload goes on although the link was used", async () => {
  const { viewer } = await here.live();
  await viewer.reload();
  await scene(viewer, "live");
  await mirror(viewer).locator("h1", { hasText: "Shop" }).waitFor();
});

test("neither storage nor the page's title holds the link", async () => {
  const { viewer } = await here.live();
  const token = new URL(viewer.url()).pathname.split("/").at(-1) ?? "";
  const kept = await viewer.evaluate(() => JSON.stringify(sessionStorage));
  expect(kept).toContain("userToken");
  expect(kept).not.toContain(token);
  expect(await viewer.title()).toBe("Live – co-browsing");
});

test("a visitor who left has so long to come back, and is seen again", async () => {
  const { visitor, viewer } = await here.live();
  await visitor.page.evaluate(() => window.standIn.leave());
  await scene(viewer, "left");
  await viewer.locator("#detail", { hasText: /kept open for \d+ s/ }).waitFor();
  expect(await viewer.locator("html").getAttribute("data-picture")).toBe("stale");
  await visitor.page.evaluate(([origin, id]) => window.standIn.connect(origin, id), [
    here.baton.origin,
    visitor.uniqueId,
  ] as const);
  await visitor.hears("session", { status: "active" });
  await visitor.shows(shopPage(node("p", {}, ["Back"])));
  await scene(viewer, "live");
  await mirror(viewer).locator("p", { hasText: "Back" }).waitFor();
});

test("a session that ended says so, and why", async () => {
  const declined = await here.visitor();
  const first = await here.viewer(declined);
  await scene(first, "asking");
  await declined.hears("session", { status: "pendingRequest" });
  await declined.page.evaluate(() => window.standIn.say({ type: "consent", accepted: false }));
  await scene(first, "ended");
  await first.locator("#detail", { hasText: "declined" }).waitFor();

  const { visitor, viewer } = await here.live();
  await visitor.page.evaluate(() => window.standIn.say({ type: "end" }));
  await scene(viewer, "ended");
  await viewer.locator("#detail", { hasText: "The visitor ended it." }).waitFor();
  expect(await viewer.locator("#frame").isVisible()).toBe(false);

  const other = await here.live();
  await other.viewer.getByRole("button", { name: "End session" }).click();
  await scene(other.viewer, "ended");
  await other.viewer.locator("#detail", { hasText: "ended by an agent" }).waitFor();
});

test("a used link says so, and leads to a new one", async () => {
  const again = here.app.serve("/again", { html: "<h1>New link</h1>" });
  const visitor = await here.visitor();
  const link = await here.desk.link(visitor.uniqueId, { branding: { retry_url: again } });
  const viewer = await here.open(link);
  await scene(viewer, "asking");
  const other = await here.open(link);
  await other.locator(HEADLINE, { hasText: "used already" }).waitFor();
  await other.getByRole("button", { name: "Get a new link" }).click();
  await other.waitForURL(again);
});

test("where too many are watched, the same link may be tried again", async () => {
  const small = await Watching.start({ BATON_WATCH__MAX_SESSIONS: "1" });
  try {
    const [one, two] = [await small.visitor(), await small.visitor()];
    const links = [
      await small.desk.link(one.uniqueId),
      await small.desk.link(two.uniqueId),
    ] as const;
    await scene(await small.open(links[0]), "asking");
    const second = await small.open(links[1]);
    await second.locator(HEADLINE, { hasText: "Too many sessions" }).waitFor();
    await small.desk.end(one.uniqueId);
    await second.getByRole("button", { name: "Try again" }).click();
    await scene(second, "asking");
    await small.browser.tidy();
  } finally {
    await small.stop();
  }
});

test("of two windows of one agent the newer has the session, and it can be brought back", async () => {
  const { viewer } = await here.live();
  // A window opened by the page starts with a copy of its storage, as a duplicated tab does.
  const opened = viewer.context().waitForEvent("page");
  await viewer.evaluate(() => {
    window.open(location.href);
  });
  const newer = await opened;
  await scene(newer, "live");
  await viewer.locator(HEADLINE, { hasText: "open in another window" }).waitFor();
  await viewer.getByRole("button", { name: "Try again" }).click();
  await scene(viewer, "live");
  await newer.locator(HEADLINE, { hasText: "open in another window" }).waitFor();
});

test("a link that is not valid says so, and a bare page follows nobody's forgery", async () => {
  const l = { branding: { naked: false, retry_url: here.app.serve("/forged", { html: "" }) } };
  const payload = Buffer.from(JSON.stringify({ l })).toString("base64url");
  const viewer = await here.open(`${here.baton.origin}/cobrowse/watch/h.${payload}.s`);
  await viewer.locator(HEADLINE, { hasText: "not valid any more" }).waitFor();
  expect(await viewer.getByRole("button", { name: "Get a new link" }).isVisible()).toBe(false);
});

test("the end leads where the link says", async () => {
  const over = here.app.serve("/over", { html: "<h1>Over</h1>" });
  const { visitor, viewer } = await here.live(shopPage(), { branding: { on_end_url: over } });
  await visitor.page.evaluate(() => window.standIn.say({ type: "end" }));
  await viewer.waitForURL(over);
});

test("naked viewers show less, and their state nevertheless", async () => {
  const { visitor, viewer } = await here.live(shopPage(), { branding: { naked: "page_only" } });
  expect(await viewer.locator("#head").isVisible()).toBe(false);
  expect(await viewer.locator("#tools").isVisible()).toBe(false);
  const tools = await here.viewer(visitor, { branding: { naked: true } });
  await scene(tools, "live");
  expect(await tools.locator("#head").isVisible()).toBe(false);
  expect(await tools.getByRole("button", { name: "Draw" }).isVisible()).toBe(true);
  await visitor.page.evaluate(() => window.standIn.leave());
  for (const page of [viewer, tools]) {
    await page.locator("#card", { hasText: "left the page" }).waitFor();
  }
});
