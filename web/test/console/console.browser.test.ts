/** The operators' console in a real browser against a real node. */
import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { Baton } from "../support/baton.ts";
import { Browser } from "../support/browser.ts";
import { POLL } from "../support/patience.ts";

const TOKEN = "the token of the operators";
const DESKTOP = { viewport: { width: 1440, height: 900 } };
const PHONE = { viewport: { width: 375, height: 800 } };

let baton: Baton;
let guarded: Baton;
let browser: Browser;
let customer: string;
let customers = 0;

beforeAll(async () => {
  baton = await Baton.start({ BATON_STREAMS__LIMIT: "1", BATON_NODE__NAME: "node-a" });
  guarded = await Baton.start({ BATON_ADMIN__TOKEN: TOKEN, BATON_NODE__NAME: "node-b" });
  browser = await Browser.start();
});

afterAll(async () => {
  await browser?.stop();
  await baton?.stop();
  await guarded?.stop();
});

beforeEach(() => {
  customers += 1;
  customer = `customer-${customers}`;
});

afterEach(async () => {
  await browser.tidy();
});

/** What is not so within this time is not going to be. */
function until<T>(probe: () => T | Promise<T>) {
  return expect.poll(probe, POLL);
}

/** The console, as soon as it is told something. */
async function open(node = baton, options: object = DESKTOP): Promise<Page> {
  const page = await browser.page(options);
  await page.goto(node.admin);
  await isLive(page);
  return page;
}

async function isLive(page: Page): Promise<void> {
  await page.locator('#link[data-state="live"]').waitFor();
}

/** A token of the customer. */
async function token(): Promise<string> {
  const answer = await fetch(`${baton.origin}/demo/token?customer=${customer}`);
  return ((await answer.json()) as { token: string }).token;
}

/** A DRISC call of the customer: its status, and the id of the session it brought. */
async function ask(path: string, body: object): Promise<{ status: number; id: string }> {
  const response = await fetch(`${baton.origin}${path}`, {
    method: "POST",
    headers: { authorization: `Bearer ${await token()}` },
    body: JSON.stringify(body),
  });
  const { sessionId = "" } = (await response.json()) as { sessionId?: string };
  return { status: response.status, id: sessionId };
}

function create(name: string, offerId = "S1"): Promise<{ status: number; id: string }> {
  return ask("/sessions", { sessionName: name, offerId });
}

/** A row of the feed about this test's customer. */
function said(page: Page, what: string) {
  return page.locator("#feed li", { hasText: customer }).filter({ hasText: what });
}

/** A device of the customer, as the demo shows it. */
function device(page: Page, name: string, state: string) {
  return page.locator(`.device[data-name="${name}"][data-state="${state}"]`);
}

/** The demo, with this device of the customer playing. */
async function player(name: string): Promise<Page> {
  const page = await browser.page();
  await page.goto(`${baton.origin}/demo/player.html?${new URLSearchParams({ customer })}`);
  await device(page, name, "idle").getByRole("button", { name: /^Play/ }).click();
  await device(page, name, "playing").waitFor();
  return page;
}

async function find(page: Page, tenant: string, whose: string): Promise<void> {
  await page.getByLabel("Tenant").fill(tenant);
  await page.getByLabel("Customer", { exact: true }).fill(whose);
  await page.locator("#account-form").getByRole("button", { name: "Find" }).click();
}

test("the node is listed with its load, and what plays raises it", async () => {
  const page = await open();
  const row = page.locator('#nodes tr[data-node="node-a"]');
  await until(() => row.locator(".state").textContent()).toBe("ready");
  const streams = row.locator('td[data-label="Streams"]');
  await until(() => streams.textContent()).toBe("0");
  const playing = await player("Phone");
  await until(() => streams.textContent()).toBe("1");
  await until(() => row.locator('td[data-label="Sockets"]').textContent()).toBe("1");
  const chart = page.locator('[data-chart="sessions"]');
  await until(() => chart.locator("output").first().textContent()).toBe("1");
  await until(() => chart.getAttribute("data-points").then(Number)).toBeGreaterThan(1);
  // Drawn, and not only known: the line is not of the colour of the panel.
  expect(await chart.locator("canvas").evaluate(hasInk)).toBe(true);
  await playing.getByRole("button", { name: "Stop" }).click();
  await until(() => streams.textContent()).toBe("0");
});

/** Whether a canvas shows anything in the accent's hue: red well above blue. */
function hasInk(canvas: Element): boolean {
  if (!(canvas instanceof HTMLCanvasElement)) return false;
  const data = canvas.getContext("2d")?.getImageData(0, 0, canvas.width, canvas.height).data ?? [];
  for (let at = 0; at + 3 < data.length; at += 4) {
    if ((data[at + 3] ?? 0) > 128 && (data[at] ?? 0) - (data[at + 2] ?? 0) > 80) return true;
  }
  return false;
}

test("refusals and takeovers appear in the feed and in the rates", async () => {
  const page = await open();
  const { id } = await create("Living room TV");
  await said(page, "created").filter({ hasText: "Living room TV" }).waitFor();
  expect((await create("Phone")).status).toBe(409);
  await said(page, "refused at the limit").filter({ hasText: "Phone" }).waitFor();
  await ask("/takeover", { sessionId: id, sessionName: "Phone", offerId: "S1" });
  await said(page, "taken over").filter({ hasText: "by “Phone”" }).waitFor();
  expect(await said(page, "refused").getAttribute("data-tone")).toBe("bad");
});

test("the feed is paused, resumed and filtered", async () => {
  const page = await open();
  await page.getByRole("button", { name: "Pause" }).click();
  await create("Living room TV");
  await page.getByRole("button", { name: /^Resume \([1-9]/ }).waitFor();
  expect(await said(page, "created").count()).toBe(0);
  await page.getByRole("button", { name: "Resume" }).click();
  await said(page, "created").waitFor();
  await page.getByLabel("Filter").fill("refused");
  await said(page, "created").waitFor({ state: "hidden" });
  await create("Phone");
  await said(page, "refused").waitFor();
  await page.getByLabel("Show").selectOption("cluster");
  await said(page, "refused").waitFor({ state: "hidden" });
});

test("the feed keeps a bounded number of rows", async () => {
  const page = await open();
  for (let round = 0; round < 22; round += 1) {
    await Promise.all(Array.from({ length: 10 }, () => create("Phone")));
  }
  await until(() => page.locator("#feed li").count()).toBe(200);
});

test("an account is searched, and ending a session tells its player", async () => {
  const playing = await player("Living room TV");
  const page = await open();
  await find(page, "demo", customer);
  const row = page.locator("#account-result tbody tr", { hasText: "Living room TV" });
  await row.waitFor();
  expect(await row.textContent()).toContain("offer:S1");
  await row.getByRole("button", { name: "End Living room TV" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("button", { name: "Cancel" }).click();
  await dialog.waitFor({ state: "hidden" });
  expect(await device(playing, "Living room TV", "playing").count()).toBe(1);

  await row.getByRole("button", { name: "End Living room TV" }).click();
  await dialog.getByLabel("Reason").fill("maintenance");
  await dialog.getByRole("button", { name: "End session" }).click();
  await device(playing, "Living room TV", "terminated").waitFor();
  await page.getByText(`No live session of demo / ${customer}.`).waitFor();
  await said(page, "ended by an operator").filter({ hasText: "maintenance" }).waitFor();
});

test("the feed leads to the account", async () => {
  const page = await open();
  await create("Living room TV");
  await said(page, "created").getByRole("button").click();
  await page.getByText(`One live session of demo / ${customer}.`).waitFor();
  await find(page, "demo", "nobody");
  await page.getByText("No live session of demo / nobody.").waitFor();
});

test("a co-browse session is found by its token and history, and ended", async () => {
  const page = await open();
  const url = `${baton.origin}/cobrowse/rest/live/sessions`;
  const made = await fetch(url, { method: "POST", headers: { origin: baton.origin } });
  const { sessionToken } = (await made.json()) as { sessionToken: string };
  await page.locator("#feed li", { hasText: "co-browse created" }).getByRole("button").click();
  await page.getByText("It is created.").waitFor();
  const history = await page.getByLabel("Session token or history id").inputValue();
  // The token lets people in: it is not shown, also where somebody looks by it.
  expect(await page.locator("body").textContent()).not.toContain(sessionToken);

  await page.getByLabel("Session token or history id").fill(sessionToken);
  await page.locator("#cobrowse-form").getByRole("button", { name: "Find" }).click();
  await page.locator("#cobrowse-result", { hasText: history }).waitFor();
  await page.locator("#cobrowse-result").getByRole("button", { name: "End session" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "End session" }).click();
  await page.getByText("It is ended by an operator.").waitFor();
  expect(await page.locator(".trail li .what").allTextContents()).toEqual(["created", "ended"]);

  await page.getByLabel("Session token or history id").fill("000000000");
  await page.locator("#cobrowse-form").getByRole("button", { name: "Find" }).click();
  await page.getByText("No such session").waitFor();
});

test("a node that wants a token gets it from whoever has it", async () => {
  const page = await browser.page(DESKTOP);
  await page.goto(guarded.admin);
  const field = page.getByLabel("Token", { exact: true });
  await field.fill("the token of somebody else");
  await page.getByRole("button", { name: "Log in" }).click();
  await page.getByText("That is not the token of this node.").waitFor();
  await page.locator("#console").waitFor({ state: "hidden" });

  await field.fill(TOKEN);
  await field.press("Enter");
  await isLive(page);
  await page.locator('#nodes tr[data-node="node-b"]').waitFor();
  expect(await page.evaluate(() => localStorage.length)).toBe(0);
  expect(await page.locator("html").innerHTML()).not.toContain(TOKEN);

  await page.reload();
  await isLive(page);
  await page.getByRole("button", { name: "Log out" }).click();
  await field.waitFor();
  expect(await page.evaluate(() => sessionStorage.length)).toBe(0);
  await page.reload();
  await field.waitFor();
});

test("after a restart of the node the console is live again", async () => {
  const settings = { BATON_NODE__NAME: "node-c" };
  let node = await Baton.start(settings);
  const page = await open(node);
  const { host } = new URL(node.admin);
  await node.stop();
  await page.locator("#link-text", { hasText: "disconnected since" }).waitFor();
  node = await Baton.start({ ...settings, BATON_ADMIN__LISTEN: host });
  try {
    await isLive(page);
    await page.locator('#nodes tr[data-node="node-c"][data-state="ready"]').waitFor();
  } finally {
    await node.stop();
  }
});

test("a node is drained after a question", async () => {
  const node = await Baton.start({ BATON_NODE__NAME: "node-d" });
  const page = await open(node);
  await page.getByRole("button", { name: "Drain node-d" }).click();
  const dialog = page.getByRole("dialog", { name: "Drain node-d?" });
  await dialog.getByText("No other node is ready").waitFor();
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "hidden" });
  expect(await page.locator('#nodes tr[data-state="ready"]').count()).toBe(1);

  await page.getByRole("button", { name: "Drain node-d" }).click();
  await dialog.getByRole("button", { name: "Drain node-d" }).click();
  await page.locator("#link-text", { hasText: "disconnected since" }).waitFor();
  await node.gone();
});

test("charts show the nodes one by one", async () => {
  const page = await open();
  await page.getByLabel("by node").check();
  const legend = page.locator('[data-chart="requests"] .legend');
  await until(() => legend.textContent()).toContain("node-a");
  await page.getByText("Streams created a second").waitFor();
});

test("on a phone nothing is wider than the screen", async () => {
  const page = await open(baton, PHONE);
  await create("x".repeat(100), "y".repeat(200));
  await said(page, "created").getByRole("button").click();
  await page.getByText(`One live session of demo / ${customer}.`).waitFor();
  const overflow = () => document.documentElement.scrollWidth - window.innerWidth;
  expect(await page.evaluate(overflow)).toBeLessThanOrEqual(0);
  const drain = page.getByRole("button", { name: "Drain node-a" });
  expect((await drain.boundingBox())?.height).toBeGreaterThanOrEqual(40);
});
