/** What a visitor is asked and shown before, while and after somebody sees the page. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { Overlay } from "../support/overlay.ts";
import { POLL } from "../support/patience.ts";
import { standIn } from "./recorder-stand-in.ts";
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

const TITLE = "Ann would like to see this page";

test("the consent dialog names the agent, and Escape declines", async () => {
  const { page, loaded } = await shop.customer();
  await page.getByRole("button", { name: "Buy" }).focus();
  const agent = await shop.desk.watch(shop.visitor);
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
  await shop.reaches(page, "online");
});

test("Tab goes round in the dialog, and Enter presses what has the focus", async () => {
  const { page } = await shop.customer();
  const agent = await shop.desk.watch(shop.visitor);
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
  const { page } = await shop.customer();
  const agent = await shop.desk.watch(shop.visitor);
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
  const { page, loaded } = await shop.customer();
  const agent = await shop.desk.watch(shop.visitor);
  const overlay = await accept(page, agent);
  expect(loaded).toContain("/cobrowse/assets/recorder.js");
  await overlay.find("status", "");
  await overlay.find("StaticText", "Ann can see this page");
  expect(agent.heard).toContainEqual({
    type: "page",
    url: `${new URL(shop.site.origin).host}/shop`,
  });

  await page.evaluate(() => history.pushState(null, "", "/basket?voucher=secret"));
  await expect
    .poll(() => agent.heard.at(-1), POLL)
    .toEqual({ type: "page", url: `${new URL(shop.site.origin).host}/basket` });

  const ended = page.evaluate(() => new Promise((resolve) => window.Baton?.on("ended", resolve)));
  await overlay.click("button", "Stop sharing");
  await agent.reaches("terminated");
  expect(agent.session?.endedBy).toBe("customer");
  expect(await ended).toEqual({ by: "customer" });
  expect(await recorders(page)).toBe(0);
  await overlay.find("StaticText", /^You stopped sharing/);
  await overlay.click("button", "Close");
  await expect.poll(() => page.locator("baton-overlay").count(), POLL).toBe(0);
  await shop.reaches(page, "online");
});

test("when the agent ends it the visitor is told", async () => {
  const { page } = await shop.customer();
  const agent = await shop.desk.watch(shop.visitor);
  const overlay = await accept(page, agent);
  agent.say({ type: "end" });
  await overlay.find("StaticText", /^The agent ended the session/);
  expect(await recorders(page)).toBe(0);
});

test("under the strictest policy it works", async () => {
  const context = await shop.browser.context();
  await standIn(context);
  const page = await context.newPage();
  const script = `<script async src="${shop.baton.origin}/cobrowse/assets/visitor.js"></script>`;
  const { host } = new URL(shop.baton.origin);
  const url = shop.site.serve("/strict", {
    html: `<!doctype html><title>Bank</title><h1>Bank</h1>${script}`,
    policy:
      `default-src 'none'; script-src http://${host}; connect-src http://${host} ws://${host}; ` +
      "require-trusted-types-for 'script'; trusted-types 'none'",
  });
  await page.goto(url);
  await shop.reaches(page, "online");
  await page.evaluate((uniqueId) => window.Baton?.identify({ uniqueId }), shop.visitor);
  const agent = await shop.desk.watch(shop.visitor);
  const overlay = await accept(page, agent);
  // Styled: the banner is where the style sheet puts it.
  const { y } = await overlay.box("button", "Stop sharing");
  expect(y).toBeGreaterThan(500);
});

test("a page that wipes itself keeps the banner", async () => {
  const { page } = await shop.customer();
  const agent = await shop.desk.watch(shop.visitor);
  const overlay = await accept(page, agent);
  await page.evaluate(() => document.body.replaceChildren());
  await overlay.find("button", "Stop sharing");
  await page.evaluate(() =>
    document.documentElement.replaceChildren(document.createElement("body")),
  );
  await overlay.click("button", "Stop sharing");
  await agent.reaches("terminated");
});

test("a page that takes the banner away whenever it comes neither wins nor hangs", async () => {
  const { page } = await shop.customer();
  const agent = await shop.desk.watch(shop.visitor);
  const overlay = await accept(page, agent);
  await page.evaluate(() => {
    let times = 0;
    const remove = () => {
      const overlay = document.querySelector("baton-overlay");
      if (!overlay || times === 3) return;
      times += 1;
      overlay.remove();
      Object.assign(window, { times });
    };
    new MutationObserver(remove).observe(document.documentElement, { childList: true });
    remove();
  });
  await expect.poll(() => page.evaluate(() => (window as { times?: number }).times), POLL).toBe(3);
  await overlay.click("button", "Stop sharing");
  await agent.reaches("terminated");
});

test("the banner can be used while the page shows a modal dialog of its own", async () => {
  const { page } = await shop.customer();
  const agent = await shop.desk.watch(shop.visitor);
  const overlay = await accept(page, agent);
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

test("the banner can be used while a part of the page is modal in a shadow root", async () => {
  const { page } = await shop.customer();
  const agent = await shop.desk.watch(shop.visitor);
  const overlay = await accept(page, agent);
  await page.evaluate(() => {
    const host = document.createElement("div");
    document.body.append(host);
    const dialog = document.createElement("dialog");
    dialog.append("Cookies?");
    host.attachShadow({ mode: "open" }).append(dialog);
    dialog.showModal();
  });
  await expect.poll(() => page.locator("dialog > baton-overlay").count(), POLL).toBe(1);
  // Nothing has the focus then: the dialog is still there.
  await page.mouse.click(5, 5);
  await overlay.click("button", "Stop sharing");
  await agent.reaches("terminated");
});

test("a page that replaces itself is noticed at once, not only at the next look", async () => {
  const { page } = await shop.customer();
  await page.evaluate(() => {
    window.setInterval = (() => 0) as unknown as typeof setInterval;
  });
  const agent = await shop.desk.watch(shop.visitor);
  await accept(page, agent);
  const replace = () =>
    page.evaluate(() => {
      const root = document.createElement("html");
      root.append(document.createElement("body"));
      document.replaceChild(root, document.documentElement);
    });
  await replace();
  const isThere = async () => {
    if ((await page.locator("baton-overlay").count()) === 1) return true;
    // It had just been attached: see PEACE_MS.
    await replace();
    return false;
  };
  await expect.poll(isThere, POLL).toBe(true);
});

test("parts of the script that cannot be loaded at first are loaded later", async () => {
  const { page, context, loaded } = await shop.customer();
  // Only without a query: browsers do not ask again for a module that failed.
  const first = /\/assets\/(panel|recorder)\.js$/;
  await context.route(first, (route) => route.fulfill({ status: 502 }));
  const agent = await shop.desk.watch(shop.visitor);
  const overlay = await accept(page, agent);
  expect(loaded.filter((path) => path.endsWith("/panel.js"))).toHaveLength(2);
  await overlay.find("button", "Stop sharing");
});

/** A panel of which everything fails that is done after the visitor has accepted. */
function failing(what: "show" | "seen"): string {
  return `export function openPanel(host) {
    const fail = () => { window.failures = (window.failures ?? 0) + 1; throw new Error("broken"); };
    return {
      show() { if ("${what}" === "show") fail(); host.consent(true); },
      seen() { fail(); },
      controlRequested() {},
      close() {},
    };
  }`;
}

test("where the panel cannot show something the session ends; a gesture that fails is nothing", async () => {
  const { page, context } = await shop.customer();
  let what: "show" | "seen" = "seen";
  await context.route(/\/assets\/panel\.js/, (route) =>
    route.fulfill({
      contentType: "text/javascript",
      headers: { "Access-Control-Allow-Origin": "*" },
      body: failing(what),
    }),
  );
  const agent = await shop.desk.watch(shop.visitor);
  await agent.sees();
  agent.say({ type: "pointer", x: 5, y: 5 });
  const failures = () => page.evaluate(() => (window as { failures?: number }).failures);
  await expect.poll(failures, POLL).toBe(1);
  expect(await page.evaluate(() => window.Baton?.status)).toBe("active");
  agent.say({ type: "end" });
  await agent.reaches("terminated");

  what = "show";
  await page.reload();
  const another = await shop.desk.watch(shop.visitor);
  await another.reaches("terminated");
  expect(another.session?.endedBy).toBe("customer");
});

test("where the recorder cannot be loaded the session ends", async () => {
  const { page, context } = await shop.customer();
  await context.route(/\/assets\/recorder\.js/, (route) => route.fulfill({ status: 404 }));
  const warnings: string[] = [];
  page.on("console", (message) => warnings.push(message.text()));
  const agent = await shop.desk.watch(shop.visitor);
  await (await Overlay.of(page)).click("button", "Allow");
  await agent.reaches("terminated");
  expect(warnings.join()).toContain("Baton: a part of the script cannot run");
});
