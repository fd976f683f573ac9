/** A page that was written for short codes of Live Assist, against a real node. */
import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { Agent } from "../support/agent.ts";
import { Baton } from "../support/baton.ts";
import { Browser } from "../support/browser.ts";
import { Overlay } from "../support/overlay.ts";
import { PageServer } from "../support/pages.ts";
import { POLL } from "../support/patience.ts";
import { standIn } from "./recorder-stand-in.ts";

/** Some pages make the object before the script comes, and some set callbacks after it. */
const BEFORE = `<script>
  window.told = [];
  window.AssistSDK = { onError: (error) => told.push("error " + error.code) };
</script>`;
const AFTER = `<script>
  for (const name of ["onConnectionEstablished", "onInSupport", "onEndSupport"]) {
    AssistSDK[name] = () => told.push(name);
  }
</script>`;

let baton: Baton;
let site: PageServer;
let browser: Browser;

beforeAll(async () => {
  site = await PageServer.start();
  baton = await Baton.start({
    BATON_COBROWSE__ALLOWED_ORIGINS: site.origin,
    BATON_COBROWSE__BASE_PATH: "/help/me",
  });
  browser = await Browser.start();
});

afterAll(async () => {
  await browser?.stop();
  await baton?.stop();
  await site?.stop();
});

afterEach(async () => {
  await browser.tidy();
});

async function bank(): Promise<Page> {
  const context = await browser.context();
  await standIn(context);
  const page = await context.newPage();
  const script = `<script src="${baton.origin}/assistserver/sdk/web/consumer/assist.js"></script>`;
  const html = `<!doctype html><title>Bank</title><h1>Bank</h1>${BEFORE}${script}${AFTER}`;
  site.serve("/next", { html });
  await page.goto(site.serve("/bank", { html }));
  return page;
}

/** As such pages do it: a code, its redemption, and the start. */
function start(page: Page): Promise<string> {
  return page.evaluate(async (url) => {
    const created = await fetch(`${url}/assistserver/shortcode/create`, { method: "PUT" });
    const { shortCode } = await created.json();
    const redeemed = await fetch(`${url}/assistserver/shortcode/consumer?appkey=${shortCode}`);
    const session = await redeemed.json();
    window.AssistSDK?.startSupport?.({
      url,
      sessionToken: session["session-token"],
      correlationId: session.cid,
    });
    return shortCode;
  }, baton.origin);
}

function told(page: Page): Promise<string[]> {
  return page.evaluate(() => (window as unknown as { told: string[] }).told);
}

async function isTold(page: Page, ...what: string[]): Promise<void> {
  await expect.poll(() => told(page), POLL).toEqual(what);
}

test("support starts, goes on in the next page, and ends", async () => {
  const page = await bank();
  const code = await start(page);
  await isTold(page, "onConnectionEstablished");
  const agent = await Agent.byCode(baton.origin, code, "/help/me");
  await (await Overlay.of(page)).click("button", "Allow");
  await isTold(page, "onConnectionEstablished", "onInSupport");
  const first = await agent.sees();

  await page.goto(`${site.origin}/next`);
  await agent.sees(first);
  await isTold(page, "onConnectionEstablished", "onInSupport");
  await page.evaluate(() => window.AssistSDK?.endSupport?.());
  await agent.reaches("terminated");
  expect(agent.session?.endedBy).toBe("customer");
  await isTold(page, "onConnectionEstablished", "onInSupport", "onEndSupport");

  await page.reload();
  expect(await page.evaluate(() => sessionStorage.getItem("baton:assist:session"))).toBeNull();
});

test("support at another address leaves nothing of the first one", async () => {
  const page = await bank();
  await page.evaluate(() => {
    window.AssistSDK?.startSupport?.({ sessionToken: "x", url: "http://[" });
  });
  await isTold(page, "error NoUrl");
  const { port } = new URL(baton.origin);
  await page.evaluate((port) => {
    window.AssistSDK?.startSupport?.({
      sessionToken: "x".repeat(20),
      url: `http://localhost:${port}`,
    });
  }, port);
  await isTold(page, "error NoUrl", "error NoSuchSession");
  await start(page);
  await isTold(page, "error NoUrl", "error NoSuchSession", "onConnectionEstablished");
  const sockets: string[] = [];
  page.on("websocket", (socket) => sockets.push(new URL(socket.url()).host));
  await page.evaluate(() => {
    for (const type of ["pagehide", "pageshow"]) {
      dispatchEvent(new PageTransitionEvent(type, { persisted: true }));
    }
  });
  await expect.poll(() => sockets, POLL).toContain(new URL(baton.origin).host);
  await page.evaluate(() => window.AssistSDK?.endSupport?.());
  await expect.poll(async () => (await told(page)).at(-1), POLL).toBe("onEndSupport");
  expect(sockets).toEqual([new URL(baton.origin).host]);
});

test("the agent ends it", async () => {
  const page = await bank();
  const agent = await Agent.byCode(baton.origin, await start(page), "/help/me");
  await (await Overlay.of(page)).click("button", "Allow");
  await agent.reaches("active");
  agent.say({ type: "end" });
  await isTold(page, "onConnectionEstablished", "onInSupport", "onEndSupport");
});

test("what cannot start is told why", async () => {
  const page = await bank();
  await page.evaluate(() => window.AssistSDK?.startSupport?.({}));
  await isTold(page, "error NoSessionToken");
  await page.evaluate(() => window.AssistSDK?.startSupport?.({ sessionToken: "x".repeat(20) }));
  await isTold(page, "error NoSessionToken", "error NoSuchSession");
  await start(page);
  await isTold(page, "error NoSessionToken", "error NoSuchSession", "onConnectionEstablished");
  await page.evaluate(() => window.AssistSDK?.startSupport?.({ sessionToken: "another" }));
  await expect.poll(async () => (await told(page)).at(-1), POLL).toBe("error SessionInProgress");
});
