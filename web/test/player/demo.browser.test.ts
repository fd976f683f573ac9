/** The player demo in a real browser against a real node: two streams at a time for each customer. */
import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import type { State } from "../../src/player/index.ts";
import { Baton } from "../support/baton.ts";
import { Browser } from "../support/browser.ts";
import { POLL } from "../support/patience.ts";
import { Site } from "../support/site.ts";

const TV = "Living room TV";
const PHONE = "Phone";
const LAPTOP = "Hotel laptop";

let baton: Baton;
let browser: Browser;
let customer: string;
let customers = 0;

beforeAll(async () => {
  // A slow machine may take its time to answer PING.
  const settings = { BATON_STREAMS__LIMIT: "2", BATON_STREAMS__PONG_TIMEOUT_MS: "60000" };
  baton = await Baton.start(settings);
  browser = await Browser.start();
});

afterAll(async () => {
  await browser?.stop();
  await baton?.stop();
});

beforeEach(() => {
  // A customer of its own for each test: none waits for another's slot.
  customers += 1;
  customer = `customer-${customers}`;
});

afterEach(async () => {
  await browser.tidy();
});

/** The demo of this test's customer, on the node itself or on another origin. */
async function demo(on: { origin: string } = baton): Promise<Page> {
  const query = new URLSearchParams({ customer });
  if (on !== baton) query.set("server", baton.origin);
  const page = await browser.page();
  await page.goto(`${on.origin}/demo/player.html?${query}`);
  return page;
}

function device(page: Page, name: string) {
  return page.locator(`.device[data-name="${name}"]`);
}

async function reaches(page: Page, name: string, status: State["status"]): Promise<void> {
  await page.locator(`.device[data-name="${name}"][data-state="${status}"]`).waitFor();
}

async function play(page: Page, name: string): Promise<void> {
  await page.getByRole("button", { name: `Play on ${name}`, exact: true }).click();
}

async function isPlaying(page: Page, name: string): Promise<void> {
  await play(page, name);
  await reaches(page, name, "playing");
}

/** The names of what runs, as the server has it. */
async function running(): Promise<string[]> {
  const { token } = await (await fetch(`${baton.origin}/demo/token?customer=${customer}`)).json();
  const headers = { Authorization: `Bearer ${token}` };
  const { activeSessions } = await (await fetch(`${baton.origin}/sessions`, { headers })).json();
  return activeSessions.map(({ name }: { name: string }) => name).sort();
}

/** TV and phone play, and the laptop was refused. */
async function atTheLimit(page: Page): Promise<void> {
  await isPlaying(page, TV);
  await isPlaying(page, PHONE);
  await play(page, LAPTOP);
  await page.getByRole("dialog", { name: "Too many streams" }).waitFor();
}

test("at the limit the dialog lists what runs, and the picked stream moves", async () => {
  const page = await demo();
  await atTheLimit(page);
  expect(await page.locator("#sessions .name").allTextContents()).toEqual([TV, PHONE]);
  expect(await page.locator("#limit-detail").textContent()).toContain(LAPTOP);

  await page.getByRole("button", { name: `End ${PHONE} and watch here` }).click();
  await reaches(page, LAPTOP, "playing");
  await reaches(page, PHONE, "takenOver");
  expect(await device(page, PHONE).getByRole("status").textContent()).toContain(
    `${LAPTOP} is playing now`,
  );
  expect(await page.getByRole("dialog").count()).toBe(0);
  await reaches(page, TV, "playing");
  expect(await running()).toEqual([LAPTOP, TV].sort());
});

test("a takeover needs no mouse", async () => {
  const page = await demo();
  for (const name of [TV, PHONE, LAPTOP]) {
    await page.getByRole("button", { name: `Play on ${name}`, exact: true }).focus();
    await page.keyboard.press("Enter");
    await reaches(page, name, name === LAPTOP ? "limited" : "playing");
  }
  const first = page.getByRole("button", { name: `End ${TV} and watch here` });
  await expect.poll(() => first.evaluate((it) => it === document.activeElement), POLL).toBe(true);
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await reaches(page, PHONE, "takenOver");
  await reaches(page, LAPTOP, "playing");
  const stop = page.getByRole("button", { name: `Stop ${LAPTOP}` });
  await expect.poll(() => stop.evaluate((it) => it === document.activeElement), POLL).toBe(true);
});

test("the dialog can be put off by Escape and opened again", async () => {
  const page = await demo();
  await atTheLimit(page);
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "hidden" });
  await reaches(page, LAPTOP, "limited");
  await page.getByRole("button", { name: `Choose a stream to end for ${LAPTOP}` }).click();
  await page.getByRole("dialog", { name: "Too many streams" }).waitFor();
});

test("every device plays on over a reload, without asking again", async () => {
  const page = await demo();
  await isPlaying(page, TV);
  await isPlaying(page, PHONE);
  const posts: string[] = [];
  page.on("request", (request) => {
    if (request.method() === "POST") posts.push(request.url());
  });
  await page.reload();
  await reaches(page, TV, "playing");
  await reaches(page, PHONE, "playing");
  await reaches(page, LAPTOP, "idle");
  expect(posts).toEqual([]);
  expect(await running()).toEqual([TV, PHONE].sort());
});

test("stop frees the slot at once", async () => {
  const page = await demo();
  await isPlaying(page, TV);
  await isPlaying(page, PHONE);
  await page.getByRole("button", { name: `Stop ${TV}` }).click();
  await reaches(page, TV, "stopped");
  await expect.poll(running, POLL).toEqual([PHONE]);
  await isPlaying(page, LAPTOP);
});

test("a device that starts again uses no second slot", async () => {
  const page = await demo();
  await isPlaying(page, TV);
  // Its tab forgot the session, as after a crash; the device is the same.
  await page.evaluate(() => {
    for (const key of Object.keys(sessionStorage)) {
      if (key.startsWith("baton.demo.session.")) sessionStorage.removeItem(key);
    }
  });
  await page.reload();
  await reaches(page, TV, "idle");
  await isPlaying(page, TV);
  expect(await running()).toEqual([TV]);
});

test("a duplicated tab takes the devices along, and the older one is told", async () => {
  const older = await demo();
  await isPlaying(older, TV);
  // A window opened by the page starts with a copy of its sessionStorage, as a duplicated tab does.
  const opened = older.context().waitForEvent("page");
  await older.evaluate(() => {
    window.open(location.href);
  });
  const newer = await opened;
  await reaches(newer, TV, "playing");
  await reaches(older, TV, "terminated");
  expect(await device(older, TV).getByRole("status").textContent()).toContain("another tab");
  expect(await running()).toEqual([TV]);
});

test("two visitors of one customer see each other's streams", async () => {
  const [one, other] = [await demo(), await demo()];
  await isPlaying(one, TV);
  await isPlaying(one, PHONE);
  await play(other, LAPTOP);
  await other.getByRole("button", { name: `End ${TV} and watch here` }).click();
  await reaches(other, LAPTOP, "playing");
  await reaches(one, TV, "takenOver");
});

test("a page of another origin plays and takes over", async () => {
  const site = await Site.start();
  try {
    const page = await demo(site);
    await atTheLimit(page);
    await page.getByRole("button", { name: `End ${TV} and watch here` }).click();
    await reaches(page, LAPTOP, "playing");
    await reaches(page, TV, "takenOver");
  } finally {
    await site.stop();
  }
});

test("devices are added and removed, and a removed one gives its slot back", async () => {
  const page = await demo();
  await page.getByLabel("Another device").selectOption("tablet");
  await page.getByRole("button", { name: "Add device" }).click();
  await isPlaying(page, "Tablet");
  await page.reload();
  await reaches(page, "Tablet", "playing");
  await page.getByRole("button", { name: "Remove Tablet" }).click();
  await expect.poll(running, POLL).toEqual([]);
  await page.reload();
  await device(page, TV).waitFor();
  expect(await device(page, "Tablet").count()).toBe(0);
});

test("what is shown of the conversation holds no token", async () => {
  const page = await demo();
  await atTheLimit(page);
  await page.keyboard.press("Escape");
  await page.locator("#wire summary").click();
  const log = page.locator("#log");
  await log.getByText("HTTP 409 LimitExceeded").waitFor();
  await log.getByText('{"action":"PONG"}').first().waitFor();
  expect(await log.textContent()).not.toMatch(/token|eyJ/);
});

test("the page fits a phone", async () => {
  const page = await browser.page({ viewport: { width: 360, height: 740 } });
  await page.goto(`${baton.origin}/demo/player.html?customer=${customer}`);
  await atTheLimit(page);
  const width = await page.evaluate(() => document.documentElement.scrollWidth);
  expect(width).toBe(360);
});
