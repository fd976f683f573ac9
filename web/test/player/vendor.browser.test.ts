/**
 * A player with the vendor's habits in a real browser, on another origin, against a real node: one
 * stream at a time for each customer.
 */
import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { Baton } from "../support/baton.ts";
import { Browser } from "../support/browser.ts";
import { Site } from "../support/site.ts";
import { ENDPOINT_KEY, type Status } from "./vendor/drisc.ts";
import { VENDOR_PLAYER, vendorPlayer } from "./vendor/page.ts";

const LIVING_ROOM = "Living room TV";
const PHONE = "Phone";

let baton: Baton;
let site: Site;
let browser: Browser;
let customer: string;
let customers = 0;

beforeAll(async () => {
  site = await Site.start(await vendorPlayer());
  baton = await Baton.start({ BATON_STREAMS__LIMIT: "1" });
  browser = await Browser.start();
});

afterAll(async () => {
  await browser?.stop();
  await baton?.stop();
  await site?.stop();
});

beforeEach(() => {
  // A customer of its own for each test: none waits for another's slot.
  customers += 1;
  customer = `customer-${customers}`;
});

afterEach(async () => {
  await browser.tidy();
});

/** A device of the customer: a browser context of its own, with the player open. */
async function device(name: string): Promise<Page> {
  const query = new URLSearchParams({ customer, name, offer: "S1_DEMO", server: baton.origin });
  const page = await browser.page();
  await page.goto(`${site.origin}${VENDOR_PLAYER}?${query}`);
  await reaches(page, "idle");
  return page;
}

async function reaches(page: Page, state: Status["state"]): Promise<void> {
  await page.locator(`#player[data-state="${state}"]`).waitFor();
}

/** The server closed the socket; the player never does. */
async function isHungUp(page: Page): Promise<void> {
  await page.locator('#player[data-socket="closed"]').waitFor();
}

async function heard(page: Page, text: string): Promise<void> {
  await page.locator('#log li[data-direction="received"]', { hasText: text }).first().waitFor();
}

async function said(page: Page, text: string): Promise<void> {
  await page.locator('#log li[data-direction="sent"]', { hasText: text }).first().waitFor();
}

async function play(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Play", exact: true }).click();
}

async function isPlaying(page: Page): Promise<void> {
  await play(page);
  await reaches(page, "playing");
}

function endpoint(page: Page): Promise<string | null> {
  return page.evaluate((key) => sessionStorage.getItem(key), ENDPOINT_KEY);
}

test("a page of another origin plays", async () => {
  const page = await device(LIVING_ROOM);
  await isPlaying(page);
  expect(new URL((await endpoint(page)) ?? "").host).toBe(new URL(baton.origin).host);
});

test("at the limit the running session is shown, and a takeover moves the stream", async () => {
  const first = await device(LIVING_ROOM);
  const second = await device(PHONE);
  await isPlaying(first);

  await play(second);
  await reaches(second, "limited");
  expect(await second.locator("#sessions .name").allTextContents()).toEqual([LIVING_ROOM]);

  await second.getByRole("button", { name: `Take over ${LIVING_ROOM}` }).click();
  await reaches(second, "playing");
  await reaches(first, "taken_over");
  expect(await first.locator("#detail").textContent()).toContain(PHONE);
  await isHungUp(first);
});

test("a living session answers PING and keeps its slot", async () => {
  const first = await device(LIVING_ROOM);
  const second = await device(PHONE);
  await isPlaying(first);
  await play(second);
  await reaches(second, "limited");
  await heard(first, "PING");
  await said(first, "PONG");

  await play(second);
  await reaches(second, "limited");
  await reaches(first, "playing");
});

test("a reload reconnects with the same endpoint and plays", async () => {
  const page = await device(LIVING_ROOM);
  await isPlaying(page);
  const before = await endpoint(page);
  const posts: string[] = [];
  page.on("request", (request) => {
    if (request.method() === "POST") posts.push(request.url());
  });

  await page.reload();
  await reaches(page, "playing");
  expect(await endpoint(page)).toBe(before);
  expect(posts).toEqual([]);
});

test("stop frees the slot at once", async () => {
  const first = await device(LIVING_ROOM);
  const second = await device(PHONE);
  const third = await device("Hotel laptop");
  await isPlaying(first);
  await play(second);
  await reaches(second, "limited");

  await first.getByRole("button", { name: "Stop" }).click();
  await reaches(first, "finished");
  await said(first, "FINISHED");
  await isHungUp(first);

  await play(third);
  await heard(third, "HTTP 200");
  await reaches(third, "playing");
});

test("of two tabs with one endpoint the older is terminated", async () => {
  const older = await device(LIVING_ROOM);
  await isPlaying(older);

  // A window opened by the page starts with a copy of its sessionStorage, as a duplicated tab does.
  const opened = older.context().waitForEvent("page");
  await older.evaluate(() => {
    window.open(location.href);
  });
  const newer = await opened;
  await reaches(newer, "playing");
  await reaches(older, "terminated");
  await isHungUp(older);
  expect(await endpoint(newer)).toBe(await endpoint(older));
  await newer.locator('#player[data-state="playing"][data-socket="open"]').waitFor();
});

test("the endpoint of an ended session expires, and the player asks again", async () => {
  const page = await device(LIVING_ROOM);
  await isPlaying(page);
  const ended = await endpoint(page);
  await page.getByRole("button", { name: "Stop" }).click();
  await isHungUp(page);

  // As when a browser restores a closed tab with its storage.
  await page.evaluate(([key, value]) => sessionStorage.setItem(key, value), [
    ENDPOINT_KEY,
    ended ?? "",
  ] as const);
  await page.reload();
  await heard(page, "EXPIRED");
  await reaches(page, "playing");
  expect(await endpoint(page)).not.toBe(ended);
});
