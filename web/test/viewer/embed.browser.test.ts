/** The viewer in the frame of an application of another origin: the messages of both, to the letter. */
import type { Frame, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { POLL } from "../support/patience.ts";
import { documentOf, node, type Visitor } from "./visitor.ts";
import { mirror, scene, shopPage, Watching } from "./watching.ts";

let here: Watching;

beforeAll(async () => {
  here = await Watching.start({ BATON_WATCH__MAX_SESSIONS: "100" });
});

afterAll(async () => {
  await here?.stop();
});

afterEach(async () => {
  await here.browser.tidy();
});

interface Told {
  type: string;
  sessionStatus?: string;
  color?: string;
}

/** The application's page with a viewer in a frame: what it was told, and its own word. */
class Application {
  readonly page: Page;

  constructor(page: Page) {
    this.page = page;
  }

  static async watch(url: string, pages = here.app): Promise<Application> {
    const html = `<!doctype html><title>CRM</title><script>
      window.told = [];
      addEventListener("message", (event) => {
        if (event.source === document.querySelector("iframe").contentWindow) told.push(event.data);
      });
    </script><iframe id="viewer" src="${url}" width="1200" height="700"></iframe>`;
    const page = await here.open(pages.serve(`/crm/${crypto.randomUUID()}`, { html }));
    return new Application(page);
  }

  /** The viewer's own frame; the mirror is one within it. */
  get viewer(): Frame {
    const main = this.page.mainFrame();
    const frame = this.page.frames().find((frame) => frame.parentFrame() === main);
    if (!frame) throw new Error("the application has no frame");
    return frame;
  }

  told(): Promise<Told[]> {
    return this.page.evaluate(() => (window as unknown as { told: Told[] }).told);
  }

  async statuses(): Promise<(string | undefined)[]> {
    const told = await this.told();
    return told.flatMap(({ type, sessionStatus }) =>
      type === "sessionStatusUpdate" ? [sessionStatus] : [],
    );
  }

  async colors(): Promise<(string | undefined)[]> {
    return (await this.told()).flatMap(({ type, color }) =>
      type === "currentColor" ? [color] : [],
    );
  }

  async reaches(status: string): Promise<void> {
    await expect.poll(() => this.statuses(), POLL).toContain(status);
  }

  async say(message: unknown): Promise<void> {
    await this.page.evaluate((message) => {
      document.querySelector("iframe")?.contentWindow?.postMessage(message, "*");
    }, message);
  }
}

/** A visitor who shows a page to an application. */
async function watched(terms: object = {}): Promise<{ visitor: Visitor; app: Application }> {
  const visitor = await here.visitor();
  const app = await Application.watch(await here.desk.link(visitor.uniqueId, terms));
  // No person is as quick as a test: the viewer is to see that the visitor is asked.
  await app.reaches("pendingRequest");
  await visitor.accept();
  await visitor.shows(shopPage());
  await app.reaches("viewerReady");
  return { visitor, app };
}

test("the application is told all six statuses in order, each once, and the colour", async () => {
  const { visitor, app } = await watched();
  // Another snapshot is no news.
  await visitor.shows(shopPage());
  await visitor.page.evaluate(() => window.standIn.say({ type: "end" }));
  await app.reaches("terminated");
  expect(await app.statuses()).toEqual([
    "waiting",
    "pendingRequest",
    "active",
    "snapshotReceived",
    "viewerReady",
    "terminated",
  ]);
  expect(await app.colors()).toEqual(["#e4572e"]);
});

test("control that is asked for too early may be asked for again", async () => {
  const visitor = await here.visitor();
  const app = await Application.watch(await here.desk.link(visitor.uniqueId));
  await app.reaches("pendingRequest");
  const states = await app.viewer.evaluateHandle(() => {
    const seen: string[] = [];
    new MutationObserver(() => {
      seen.push(document.documentElement.dataset.control ?? "");
    }).observe(document.documentElement, { attributeFilter: ["data-control"] });
    return seen;
  });
  await app.say({ action: "requestControl" });
  await expect.poll(() => states.jsonValue(), POLL).toEqual(["asked", "none"]);
  await visitor.accept();
  await visitor.shows(shopPage());
  await app.reaches("viewerReady");
  await app.say({ action: "requestControl" });
  await visitor.hears("controlRequest");
});

test("a session that is active already begins with waiting, and was never asked for", async () => {
  const { visitor } = await watched();
  const second = await Application.watch(await here.desk.link(visitor.uniqueId));
  await second.reaches("viewerReady");
  expect(await second.statuses()).toEqual(["waiting", "active", "snapshotReceived", "viewerReady"]);
});

test("the application chooses colours and tools, and ends the session", async () => {
  const { visitor, app } = await watched();
  await app.say({ action: "switchColor", color: "#0AF" });
  await app.say({ action: "switchColor" });
  await expect.poll(() => app.colors(), POLL).toEqual(["#e4572e", "#00aaff", "#e4572e"]);
  for (const mode of ["draw", "pointer", "cursor"]) {
    await app.say({ action: "setMode", mode });
    await app.viewer.locator(`html[data-mode="${mode}"]`).waitFor();
  }
  await app.say({ action: "endSession" });
  await visitor.hears("session", { status: "terminated", endedBy: "agent" });
  await app.reaches("terminated");
});

test("what makes no sense, or is not permitted, is warned of and ignored", async () => {
  const { app } = await watched({ permissions: { allow_draw: false } });
  const warnings: string[] = [];
  app.page.on("console", (message) => {
    if (message.type() === "warning") warnings.push(message.text());
  });
  const bad = [
    { action: "setMode", mode: "laser" },
    { action: "setMode", mode: "draw" },
    { action: "setMode" },
    { action: "switchColor", color: "red" },
    { action: "switchColor", color: { r: 1 } },
    { action: "fly" },
    "endSession",
    null,
  ];
  for (const message of bad) await app.say(message);
  await expect.poll(() => warnings.length, POLL).toBe(bad.length);
  expect(await app.viewer.locator("html").getAttribute("data-mode")).toBe("cursor");
  expect(await app.colors()).toEqual(["#e4572e"]);
  await scene(app.viewer, "live");
});

test("only the parent is obeyed", async () => {
  const { app } = await watched({ origin: here.app.origin });
  // A frame beside the viewer: of the right origin, and not its parent.
  await app.page.evaluate(() => {
    const other = document.createElement("iframe");
    other.srcdoc = `<script>
      parent.frames[0].postMessage({ action: "setMode", mode: "draw" }, "*");
      parent.dispatchEvent(new Event("posted"));
    </script>`;
    const posted = new Promise((resolve) => addEventListener("posted", resolve));
    document.body.append(other);
    return posted;
  });
  // After the other's message: that has been heard, and was not obeyed.
  await app.say({ action: "switchColor", color: "#123456" });
  await expect.poll(() => app.colors(), POLL).toContain("#123456");
  expect(await app.viewer.locator("html").getAttribute("data-mode")).toBe("cursor");
});

test("a parent of another origin than the link's is neither obeyed nor told anything", async () => {
  const { app } = await watched({ origin: here.app.origin });
  // The node lets nobody else frame the link. Whoever has the user's token opens the viewer by that.
  const userToken = await app.viewer.evaluate(
    () => JSON.parse(Object.values(sessionStorage)[0] ?? "").userToken,
  );
  const url = `${here.baton.origin}/cobrowse/watch/${userToken}`;
  const foreign = await Application.watch(url, here.shop);
  const warnings: string[] = [];
  foreign.page.on("console", (message) => {
    if (message.text().startsWith("Ignored")) warnings.push(message.text());
  });
  await scene(foreign.viewer, "live");
  await foreign.say({ action: "setMode", mode: "draw" });
  await expect.poll(() => warnings, POLL).toHaveLength(1);
  expect(await foreign.viewer.locator("html").getAttribute("data-mode")).toBe("cursor");
  expect(await foreign.told()).toEqual([]);
});

test("instructions that come before the session is known are obeyed then", async () => {
  const visitor = await here.visitor();
  const app = await Application.watch("about:blank");
  const link = await here.desk.link(visitor.uniqueId);
  await app.page.evaluate((link) => {
    const frame = document.querySelector("iframe");
    if (!frame) return;
    // As soon as the page is there: its socket is not yet.
    frame.onload = () => frame.contentWindow?.postMessage({ action: "setMode", mode: "draw" }, "*");
    frame.src = link;
  }, link);
  await visitor.accept();
  await visitor.shows(shopPage());
  await app.reaches("viewerReady");
  await app.viewer.locator('html[data-mode="draw"]').waitFor();
});

test("an embedded viewer of an expired link leads to a new one in its frame", async () => {
  const again = here.app.serve("/embedded-again", { html: "<h1>New link</h1>" });
  const l = { branding: { naked: false, retry_url: again } };
  const payload = Buffer.from(JSON.stringify({ l })).toString("base64url");
  const app = await Application.watch(`${here.baton.origin}/cobrowse/watch/h.${payload}.s`);
  await scene(app.viewer, "failed");
  await app.reaches("terminated");
  await app.viewer.getByRole("button", { name: "Get a new link" }).click();
  await app.viewer.waitForURL(again);
});

test("styles of other sites reach the mirror", async () => {
  const css = here.shop.serve("/style.css", {
    html: "h1 { color: rgb(1, 2, 3) }",
    type: "text/css",
  });
  const visitor = await here.visitor();
  const app = await Application.watch(await here.desk.link(visitor.uniqueId));
  await visitor.accept();
  const link = node("link", { rel: "stylesheet", href: css });
  await visitor.shows(documentOf([node("h1", {}, ["Shop"])], [link]));
  await app.reaches("viewerReady");
  const color = await mirror(app.viewer)
    .locator("h1")
    .evaluate((h1) => getComputedStyle(h1).color);
  expect(color).toBe("rgb(1, 2, 3)");
});
