/** The built player package in a real browser against a real node, in both dialects. */
import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import type {
  DriscOptions,
  MediaPlaySessionsOptions,
  PlayerSession,
  State,
} from "../../src/player/index.ts";
import { Baton } from "../support/baton.ts";
import { Browser } from "../support/browser.ts";
import { POLL } from "../support/patience.ts";
import { Site } from "../support/site.ts";
import { Switchboard } from "../support/switchboard.ts";

type Package = typeof import("../../src/player/index.ts");

/** What a page of these tests has in its global scope. */
interface Scope {
  player: Package;
  session: PlayerSession;
  events: string[];
}

/** A page that has the package, as a site would include it. */
const PAGE = "/with-player.html";
const FILES = new Map([
  [
    PAGE,
    '<!doctype html><title>Player</title><script type="module" src="/with-player.js"></script>',
  ],
  [
    "/with-player.js",
    'import * as player from "/player/index.js"; Object.assign(globalThis, { player });',
  ],
]);

/** A slow machine may take its time to answer PING. A heartbeat every three seconds. */
const SETTINGS = {
  BATON_STREAMS__LIMIT: "1",
  BATON_STREAMS__PONG_TIMEOUT_MS: "60000",
  BATON_MEDIA_SESSIONS__TTL_SECONDS: "9",
};

let baton: Baton;
let site: Site;
let browser: Browser;
let customer: string;
let customers = 0;

beforeAll(async () => {
  const bytes = new TextEncoder();
  site = await Site.start(new Map([...FILES].map(([path, text]) => [path, bytes.encode(text)])));
  baton = await Baton.start(SETTINGS);
  browser = await Browser.start();
});

afterAll(async () => {
  await browser?.stop();
  await baton?.stop();
  await site?.stop();
});

beforeEach(() => {
  customers += 1;
  customer = `customer-${customers}`;
});

afterEach(async () => {
  await browser.tidy();
});

/** A page of a site that has the package, with a session of one dialect. */
async function player(
  dialect: "drisc" | "mediaPlaySessions",
  options: Partial<DriscOptions & MediaPlaySessionsOptions>,
  on?: Page,
): Promise<Page> {
  const page = on ?? (await browser.page());
  if (!on) await page.goto(`${site.origin}${PAGE}`);
  await page.evaluate(
    ({ dialect, options, server, customer }) => {
      const { player } = globalThis as unknown as Scope;
      const token = async () => {
        const answer = await fetch(`${server}/demo/token?customer=${customer}`);
        return (await answer.json()).token;
      };
      const common = { server, token, sessionName: "", userId: customer, deviceType: "web" };
      const session = player[dialect]({ ...common, ...options });
      const events: string[] = [];
      for (const name of ["reconnecting", "reconnected", "expired", "takenOver"] as const) {
        session.on(name, () => events.push(name));
      }
      Object.assign(globalThis, { session, events });
    },
    { dialect, options, server: options.server ?? baton.origin, customer },
  );
  return page;
}

function start(page: Page): Promise<State> {
  return page.evaluate(() => (globalThis as unknown as Scope).session.start());
}

function stateOf(page: Page): Promise<State> {
  return page.evaluate(() => (globalThis as unknown as Scope).session.state);
}

function events(page: Page): Promise<string[]> {
  return page.evaluate(() => (globalThis as unknown as Scope).events);
}

function takeOver(page: Page, id: string): Promise<State> {
  return page.evaluate((id) => (globalThis as unknown as Scope).session.takeOver(id), id);
}

/** The only session of the limit answer. */
function only(state: State): string {
  if (state.status !== "limited") throw new Error(`it is ${state.status}`);
  const [first, ...more] = state.sessions;
  if (!first || more.length > 0) throw new Error("it is not one session");
  return first.sessionId;
}

test("DRISC: the limit lists the running session, and a takeover is told at once", async () => {
  const tv = await player("drisc", { sessionName: "TV", offerId: "S1" });
  const phone = await player("drisc", { sessionName: "Phone", offerId: "S1" });
  expect((await start(tv)).status).toBe("playing");
  const limited = await start(phone);
  expect(limited).toMatchObject({
    takeOverEnabled: true,
    sessions: [{ name: "TV", offerId: "S1", connected: true, isOwn: false }],
  });
  expect((await takeOver(phone, only(limited))).status).toBe("playing");
  await expect.poll(() => stateOf(tv), POLL).toEqual({ status: "takenOver", by: "Phone" });
});

test("DRISC: stop frees the slot when it resolves", async () => {
  const tv = await player("drisc", { sessionName: "TV", tag: "sports" });
  const phone = await player("drisc", { sessionName: "Phone", tag: "sports" });
  await start(tv);
  await tv.evaluate(() => (globalThis as unknown as Scope).session.stop());
  expect((await start(phone)).status).toBe("playing");
});

test("DRISC: a session that its customer ends elsewhere is told why", async () => {
  const tv = await player("drisc", { sessionName: "TV", offerId: "S1" });
  const phone = await player("drisc", { sessionName: "Phone", offerId: "S1" });
  await start(tv);
  await phone.evaluate(async () => {
    const { session } = globalThis as unknown as Scope;
    for (const { sessionId } of await session.sessions()) await session.end(sessionId);
  });
  await expect.poll(() => stateOf(tv), POLL).toEqual({ status: "terminated", reason: "ended" });
});

test("DRISC: an endpoint of another cluster's is given up for a new session", async () => {
  const page = await player("drisc", { sessionName: "TV", offerId: "S1" });
  const endpoint = `${baton.origin.replace("http", "ws")}/sessions/socket?token=forged`;
  await page.evaluate(
    (kept) => sessionStorage.setItem("baton-player.drisc", kept),
    JSON.stringify({ endpoint, sessionId: "x" }),
  );
  const resumed = await page.evaluate(() => (globalThis as unknown as Scope).session.resume());
  expect(resumed?.status).toBe("playing");
  expect(await events(page)).toContain("expired");
});

test("DRISC: a node that goes away and comes back finds its player again", async () => {
  const board = await Switchboard.start();
  const settings = { ...SETTINGS, BATON_PUBLIC_URL: board.origin };
  let node = await Baton.start(settings);
  try {
    board.lead(node);
    const page = await player("drisc", { sessionName: "TV", offerId: "S1", server: board.origin });
    expect((await start(page)).status).toBe("playing");
    board.lead(undefined);
    await node.stop();
    await expect.poll(() => events(page), POLL).toContain("reconnecting");
    expect(await stateOf(page)).toMatchObject({ status: "playing", connected: false });
    // Its memory and its secret are new: the old endpoint means nothing to it.
    node = await Baton.start(settings);
    board.lead(node);
    await expect
      .poll(() => stateOf(page), { timeout: 40_000 })
      .toMatchObject({ status: "playing", connected: true });
    expect(await events(page)).toContain("expired");
  } finally {
    await node.stop();
    await board.stop();
  }
});

test("Media Play Sessions: the limit, a takeover, and who was taken over learns it", async () => {
  const tv = await player("mediaPlaySessions", { deviceType: "tv", service: "News" });
  const box = await player("mediaPlaySessions", { deviceType: "tv", service: "Film" });
  const web = await player("mediaPlaySessions", { deviceType: "web" });
  expect((await start(tv)).status).toBe("playing");
  // The limit is per type of device.
  expect((await start(web)).status).toBe("playing");
  const limited = await start(box);
  expect(limited).toMatchObject({ sessions: [{ name: "News", deviceType: "tv" }] });
  // A heartbeat between the takeover's two steps would take the slot back.
  let go: () => void = () => {};
  const gone = new Promise<void>((resolve) => {
    go = resolve;
  });
  await tv.route("**/media_play_sessions/*", async (route) => {
    await gone;
    await route.continue();
  });
  expect((await takeOver(box, only(limited))).status).toBe("playing");
  go();
  // Its heartbeat finds the session gone, its PUT the limit reached.
  await expect.poll(() => stateOf(tv), POLL).toMatchObject({ status: "limited" });
  expect((await stateOf(web)).status).toBe("playing");
});

test("Media Play Sessions: heartbeats keep a session beyond its life, and stop frees it", async () => {
  const tv = await player("mediaPlaySessions", { deviceType: "tv" });
  const box = await player("mediaPlaySessions", { deviceType: "tv" });
  let beats = 0;
  tv.on("response", (response) => {
    if (response.request().method() === "PATCH" && response.status() === 200) beats += 1;
  });
  await start(tv);
  // Three heartbeats fit into a life: four are longer.
  await expect.poll(() => beats, POLL).toBeGreaterThanOrEqual(4);
  expect((await start(box)).status).toBe("limited");
  await tv.evaluate(() => (globalThis as unknown as Scope).session.stop());
  expect((await start(box)).status).toBe("playing");
});

test("Media Play Sessions: a reload goes on with the same session", async () => {
  const page = await player("mediaPlaySessions", { deviceType: "tv" });
  const before = await start(page);
  await page.reload();
  await player("mediaPlaySessions", { deviceType: "tv" }, page);
  const after = await page.evaluate(() => (globalThis as unknown as Scope).session.resume());
  expect(after).toEqual(before);
});
