/** The loader on pages of a customer's site, against a real node: presence, consent, and what is loaded when. */
import { readFile } from "node:fs/promises";
import { gzipSync } from "node:zlib";
import type { BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import type { Options } from "../src/visitor/parts.ts";
import { Agent, Desk } from "./agent.ts";
import { Baton } from "./baton.ts";
import { Browser } from "./browser.ts";
import { Outage } from "./outage.ts";
import { Overlay, POLL } from "./overlay.ts";
import { PageServer } from "./pages.ts";
import { standIn } from "./stand_in.ts";

const TITLE = "Ann would like to see this page";

let baton: Baton;
let outage: Outage;
let site: PageServer;
let browser: Browser;
let desk: Desk;
let visitor: string;
let visitors = 0;

beforeAll(async () => {
  site = await PageServer.start();
  baton = await Baton.start({ BATON_COBROWSE__ALLOWED_ORIGINS: site.origin });
  outage = await Outage.before(baton.origin);
  browser = await Browser.start();
  desk = await Desk.of(baton);
});

afterAll(async () => {
  await browser?.stop();
  await outage?.stop();
  await baton?.stop();
  await site?.stop();
});

beforeEach(() => {
  visitors += 1;
  visitor = `visitor-${visitors}`;
});

afterEach(async () => {
  outage.mend();
  await browser.tidy();
});

function html(body: string, options: Options = {}, node = baton.origin): string {
  const config = JSON.stringify({ uniqueId: visitor, ...options });
  return `<!doctype html><html lang="en"><title>Shop</title><body>${body}
    <script>window.BatonConfig = ${config}</script>
    <script async src="${node}/cobrowse/assets/visitor.js"></script>`;
}

interface Shop {
  page: Page;
  /** The paths that the page asked for. */
  loaded: string[];
  context: BrowserContext;
}

/** A person with the shop open, and what their browser asked for. */
async function shop(options: Options = {}, node = baton.origin): Promise<Shop> {
  const context = await browser.context();
  await standIn(context);
  const page = await context.newPage();
  const loaded: string[] = [];
  page.on("request", (request) => loaded.push(new URL(request.url()).pathname));
  site.serve("/other", { html: html("<h1>Other</h1>", options, node) });
  await page.goto(
    site.serve("/shop", { html: html("<h1>Shop</h1><button>Buy</button>", options, node) }),
  );
  return { page, loaded, context };
}

function status(page: Page): Promise<string | undefined> {
  return page.evaluate(() => window.Baton?.status);
}

async function accepted(page: Page, agent: Agent): Promise<Overlay> {
  const overlay = await Overlay.of(page);
  await overlay.click("button", "Allow");
  await agent.reaches("active");
  await overlay.find("button", "Stop sharing");
  await agent.sees();
  return overlay;
}

function recorders(page: Page): Promise<number> {
  return page.evaluate(() => Number((window as { recorders?: number }).recorders ?? 0));
}

test("a visitor is listed with what the page tells, and without the query of its address", async () => {
  const { page } = await shop({ identities: ["vera@example.com"], tags: ["gold"] });
  const listed = await desk.visitor(visitor);
  expect(listed).toMatchObject({
    unique_id: visitor,
    identities: ["vera@example.com"],
    tags: ["gold"],
    last_url: `${new URL(site.origin).host}/shop`,
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
      const [{ last_url, tags, identities } = {}] = await desk.list(visitor);
      return { last_url, tags, identities };
    }, POLL)
    .toEqual({
      last_url: `${new URL(site.origin).host}/basket`,
      tags: ["gold", "basket"],
      identities: ["vera@example.com"],
    });
});

test("browsers without the Navigation API are watched all the same", async () => {
  const context = await browser.context();
  await context.addInitScript(() =>
    Object.defineProperty(window, "navigation", { value: undefined }),
  );
  const page = await context.newPage();
  await page.goto(site.serve("/old", { html: html("<h1>Old</h1>") }));
  await desk.visitor(visitor);
  const own = await page.evaluate(() => {
    history.pushState(null, "", "/older");
    return String(history.pushState);
  });
  expect(own).toContain("[native code]");
  await expect
    .poll(async () => (await desk.list(visitor))[0]?.last_url, POLL)
    .toBe(`${new URL(site.origin).host}/older`);
});

test("the loader is small", async () => {
  const script = await readFile(new URL("../dist/cobrowse/visitor.js", import.meta.url));
  expect(gzipSync(script, { level: 9 }).length).toBeLessThanOrEqual(6_144);
});

test("an ordinary page view loads the loader only", async () => {
  const { page, loaded } = await shop();
  await desk.visitor(visitor);
  expect(loaded.filter((path) => path.startsWith("/cobrowse/"))).toEqual([
    "/cobrowse/assets/visitor.js",
  ]);
  expect(await page.locator("baton-overlay").count()).toBe(0);
});

test("the consent dialog names the agent, and Escape declines", async () => {
  const { page, loaded } = await shop();
  await page.getByRole("button", { name: "Buy" }).focus();
  const agent = await desk.watch(visitor);
  const overlay = await Overlay.of(page);
  const dialog = await overlay.find("dialog", TITLE);
  expect(dialog.description).toContain("password and payment fields stays hidden");
  expect(loaded).toContain("/cobrowse/assets/panel.js");
  expect(loaded).not.toContain("/cobrowse/assets/recorder.js");

  await page.keyboard.press("Escape");
  await agent.reaches("terminated");
  expect(agent.session?.endedBy).toBe("declined");
  await overlay.isGone("dialog", TITLE);
  await overlay.find("button", "Close");
  expect(await page.evaluate(() => document.activeElement?.textContent)).toBe("Buy");
  expect(loaded).not.toContain("/cobrowse/assets/recorder.js");
  expect(agent.frames).toEqual([]);
  await expect.poll(() => status(page), POLL).toBe("online");
});

test("Tab goes round in the dialog, and Enter presses what has the focus", async () => {
  const { page } = await shop();
  const agent = await desk.watch(visitor);
  const overlay = await Overlay.of(page);
  await overlay.find("button", "Allow");
  const focused: string[] = [];
  for (let presses = 0; presses < 3; presses += 1) {
    await page.keyboard.press("Tab");
    focused.push(
      ...(await overlay.all("button", /./)).filter((it) => it.isFocused).map((it) => it.name),
    );
  }
  expect(focused).toEqual(["Allow", "Decline", "Allow"]);
  await page.keyboard.press("Enter");
  await agent.reaches("active");
});

test("scripts of the page can neither find nor press the buttons", async () => {
  const { page } = await shop();
  const agent = await desk.watch(visitor);
  await (await Overlay.of(page)).find("button", "Allow");
  const found = await page.evaluate(() => {
    const host = document.querySelector("baton-overlay");
    host?.dispatchEvent(new MouseEvent("click", { bubbles: true, composed: true }));
    return {
      isThere: host !== null,
      root: host?.shadowRoot ?? null,
      children: host?.children.length,
    };
  });
  expect(found).toEqual({ isThere: true, root: null, children: 0 });
  expect(agent.session?.status).toBe("pendingRequest");
});

test("after consent the page is recorded, a banner says so, and Stop ends it", async () => {
  const { page, loaded } = await shop();
  const agent = await desk.watch(visitor);
  const overlay = await accepted(page, agent);
  expect(loaded).toContain("/cobrowse/assets/recorder.js");
  await overlay.find("status", "");
  await overlay.find("StaticText", "Ann can see this page");
  expect(agent.heard).toContainEqual({ type: "page", url: `${new URL(site.origin).host}/shop` });

  await page.evaluate(() => history.pushState(null, "", "/basket?voucher=secret"));
  await expect
    .poll(() => agent.heard.at(-1), POLL)
    .toEqual({ type: "page", url: `${new URL(site.origin).host}/basket` });

  const ended = page.evaluate(() => new Promise((resolve) => window.Baton?.on("ended", resolve)));
  await overlay.click("button", "Stop sharing");
  await agent.reaches("terminated");
  expect(agent.session?.endedBy).toBe("customer");
  expect(await ended).toEqual({ by: "customer" });
  expect(await recorders(page)).toBe(0);
  await overlay.find("StaticText", /^You stopped sharing/);
  await overlay.click("button", "Close");
  await expect.poll(() => page.locator("baton-overlay").count(), POLL).toBe(0);
  await expect.poll(() => status(page), POLL).toBe("online");
});

test("when the agent ends it the visitor is told", async () => {
  const { page } = await shop();
  const agent = await desk.watch(visitor);
  const overlay = await accepted(page, agent);
  agent.say({ type: "end" });
  await overlay.find("StaticText", /^The agent ended the session/);
  expect(await recorders(page)).toBe(0);
});

test("a session goes on after a reload, and in the next page", async () => {
  const { page } = await shop();
  const agent = await desk.watch(visitor);
  await accepted(page, agent);
  const first = await agent.sees();
  await page.reload();
  const second = await agent.sees(first);
  await page.goto(`${site.origin}/other`);
  await agent.sees(second);
  await (await Overlay.of(page)).find("button", "Stop sharing");
  expect(agent.session?.status).toBe("active");
});

test("while the node is away the banner says so, and the session goes on when it is back", async () => {
  const { page } = await shop({}, outage.origin);
  const agent = await desk.watch(visitor);
  const overlay = await accepted(page, agent);
  const first = await agent.sees();
  outage.cut();
  await overlay.find("StaticText", "Reconnecting…");
  await expect.poll(() => agent.session?.visitorConnected, POLL).toBe(false);
  outage.mend();
  await agent.sees(first);
  await overlay.isGone("StaticText", "Reconnecting…");
  expect(await recorders(page)).toBe(1);
});

test("what the visitor stopped while the node was away does not come back", async () => {
  const { page } = await shop({}, outage.origin);
  const agent = await desk.watch(visitor);
  const overlay = await accepted(page, agent);
  const newest = await agent.sees();
  outage.cut();
  await overlay.find("StaticText", "Reconnecting…");
  await overlay.click("button", "Stop sharing");
  await overlay.find("StaticText", /^You stopped sharing/);
  expect(await recorders(page)).toBe(0);
  // A page without the script comes between: it can tell nobody either.
  await page.reload();
  outage.mend();
  await page.reload();
  await agent.reaches("terminated");
  expect(agent.session?.endedBy).toBe("customer");
  expect(agent.frames.filter((frame) => frame.epoch > newest)).toEqual([]);
});

test("a page that the browser keeps for Back is away, and comes back", async () => {
  const { page } = await shop();
  const agent = await desk.watch(visitor);
  await accepted(page, agent);
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

test("in a frame it does nothing", async () => {
  const framed = site.serve("/framed", { html: html("<h1>Framed</h1>") });
  const page = await browser.page();
  const scripts: string[] = [];
  page.on("requestfinished", (request) => scripts.push(new URL(request.url()).pathname));
  const sockets: string[] = [];
  page.on("websocket", (socket) => sockets.push(socket.url()));
  await page.goto(site.serve("/frame", { html: `<iframe src="${framed}"></iframe>` }));
  await expect.poll(() => scripts, POLL).toContain("/cobrowse/assets/visitor.js");
  const frame = page.frames().at(-1);
  await expect.poll(() => frame?.evaluate(() => document.readyState), POLL).toBe("complete");
  expect(await frame?.evaluate(() => typeof window.Baton)).toBe("undefined");
  expect(sockets).toEqual([]);
});

test("under the strictest policy it works", async () => {
  const context = await browser.context();
  await standIn(context);
  const page = await context.newPage();
  const script = `<script async src="${baton.origin}/cobrowse/assets/visitor.js"></script>`;
  const { host } = new URL(baton.origin);
  const url = site.serve("/strict", {
    html: `<!doctype html><title>Bank</title><h1>Bank</h1>${script}`,
    policy:
      `default-src 'none'; script-src http://${host}; connect-src http://${host} ws://${host}; ` +
      "require-trusted-types-for 'script'; trusted-types 'none'",
  });
  await page.goto(url);
  await expect.poll(() => status(page), POLL).toBe("online");
  await page.evaluate((uniqueId) => window.Baton?.identify({ uniqueId }), visitor);
  const agent = await desk.watch(visitor);
  const overlay = await accepted(page, agent);
  // Styled: the banner is where the style sheet puts it.
  const { y } = await overlay.box("button", "Stop sharing");
  expect(y).toBeGreaterThan(500);
});

test("a page that wipes itself keeps the banner", async () => {
  const { page } = await shop();
  const agent = await desk.watch(visitor);
  const overlay = await accepted(page, agent);
  await page.evaluate(() => document.body.replaceChildren());
  await overlay.find("button", "Stop sharing");
  await page.evaluate(() =>
    document.documentElement.replaceChildren(document.createElement("body")),
  );
  await overlay.click("button", "Stop sharing");
  await agent.reaches("terminated");
});

test("the banner can be used while the page shows a modal dialog of its own", async () => {
  const { page } = await shop();
  const agent = await desk.watch(visitor);
  const overlay = await accepted(page, agent);
  await page.evaluate(() => {
    const dialog = document.createElement("dialog");
    dialog.append("Cookies?");
    document.body.append(dialog);
    dialog.showModal();
  });
  await expect.poll(() => page.locator("dialog > baton-overlay").count(), POLL).toBe(1);
  await overlay.click("button", "Stop sharing");
  await agent.reaches("terminated");
});

test("where the recorder cannot be loaded the session ends", async () => {
  const { page, context } = await shop();
  await context.route("**/cobrowse/assets/recorder.js", (route) => route.fulfill({ status: 404 }));
  const warnings: string[] = [];
  page.on("console", (message) => warnings.push(message.text()));
  const agent = await desk.watch(visitor);
  await (await Overlay.of(page)).click("button", "Allow");
  await agent.reaches("terminated");
  expect(warnings.join()).toContain("Baton: a part of the script cannot run");
});

test("a duplicated tab stands by, and takes over when the first one is closed", async () => {
  const { page, context } = await shop();
  const agent = await desk.watch(visitor);
  await accepted(page, agent);
  const stored = await page.evaluate(() => ({ ...sessionStorage }));
  const copy = await context.newPage();
  await copy.addInitScript((stored) => {
    for (const [name, value] of Object.entries(stored)) sessionStorage.setItem(name, value);
  }, stored);
  await copy.goto(`${site.origin}/shop`);
  // The newest page of a visitor is the one that counts; the older one stands by.
  await expect.poll(() => status(page), POLL).toBe("standby");
  expect(await recorders(page)).toBe(0);
  await (await Overlay.of(copy)).find("button", "Stop sharing");
  await copy.close();
  await expect.poll(() => status(page), POLL).toBe("active");
});

test("a site that is not listed is told which setting to change", async () => {
  const stranger = await PageServer.start();
  try {
    const page = await browser.page();
    const warned = page.waitForEvent("console", (message) => message.text().startsWith("Baton:"));
    await page.goto(stranger.serve("/", { html: html("<h1>Stranger</h1>") }));
    const text = (await warned).text();
    expect(text).toContain(stranger.origin);
    expect(text).toContain("cobrowse.allowed_origins");
  } finally {
    await stranger.stop();
  }
});

test("without presence there is no socket before a session", async () => {
  const { page } = await shop({ presence: false });
  await expect.poll(() => status(page), POLL).toBe("idle");
  expect(await desk.list(visitor)).toEqual([]);
});

test("a code begins a session, which lasts from page to page until it is stopped", async () => {
  const { page } = await shop({ presence: false });
  const code = await page.evaluate(() => window.Baton?.createCode());
  expect(code).toMatch(/^\d+$/);
  const agent = await Agent.byCode(baton.origin, code ?? "");
  await (await Overlay.of(page)).click("button", "Allow");
  const first = await agent.sees();
  await page.goto(`${site.origin}/other`);
  await agent.sees(first);
  const overlay = await Overlay.of(page);
  await overlay.click("button", "Stop sharing");
  await agent.reaches("terminated");
  await expect.poll(() => status(page), POLL).toBe("idle");
  await page.reload();
  await expect.poll(() => status(page), POLL).toBe("idle");
});

test("a second session is refused while one is on, and a token of none is", async () => {
  const { page } = await shop();
  const refused = (token: string) =>
    page.evaluate((token) => window.Baton?.start(token).catch((error) => error.message), token);
  expect(await refused("x".repeat(20))).toMatch(/^Baton: Use the token as it was given/);
  await expect.poll(() => status(page), POLL).toBe("online");
  await page.evaluate(() => window.Baton?.createCode());
  expect(
    await page.evaluate(() => window.Baton?.createCode().catch((error) => error.message)),
  ).toContain("Baton.stop()");
});

test("a copy of a tab with a session of its own waits until that tab is gone", async () => {
  const { page, context } = await shop({ presence: false });
  const code = await page.evaluate(() => window.Baton?.createCode());
  const agent = await Agent.byCode(baton.origin, code ?? "");
  await accepted(page, agent);
  const [copy] = await Promise.all([
    context.waitForEvent("page"),
    page.evaluate(() => void window.open("/shop")),
  ]);
  expect(await copy.evaluate(() => sessionStorage.getItem("baton:session"))).not.toBeNull();
  await expect.poll(() => status(copy), POLL).toBe("standby");
  expect(await status(page)).toBe("active");

  // The first one's next page is still the first one.
  const newest = await agent.sees();
  await page.goto(`${site.origin}/other`);
  const next = await agent.sees(newest);
  expect(await status(page)).toBe("active");
  expect(await status(copy)).toBe("standby");
  await page.close();
  await agent.sees(next);
  await expect.poll(() => status(copy), POLL).toBe("active");
});

test("where browsers have no locks the newest page wins, and the older one stands by", async () => {
  const { page, context } = await shop({ presence: false });
  await context.addInitScript(() => {
    Object.defineProperty(Navigator.prototype, "locks", { value: undefined });
  });
  await page.reload();
  const code = await page.evaluate(() => window.Baton?.createCode());
  const agent = await Agent.byCode(baton.origin, code ?? "");
  await accepted(page, agent);
  const [copy] = await Promise.all([
    context.waitForEvent("page"),
    page.evaluate(() => void window.open("/shop")),
  ]);
  await expect.poll(() => status(copy), POLL).toBe("active");
  await expect.poll(() => status(page), POLL).toBe("standby");
  expect(await page.locator("baton-overlay").count()).toBe(0);
});
