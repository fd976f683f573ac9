import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { Agent } from "./agent.ts";
import { Overlay, POLL } from "./overlay.ts";
import { accept, Shop } from "./shop.ts";
let shop: Shop;
beforeAll(async () => { shop = await Shop.open(); });
afterAll(async () => { await shop?.close(); });
beforeEach(() => { shop.nextVisitor(); });
afterEach(async () => { await shop.tidy(); });

test("flood", async () => {
  const context = await shop.browser.context();
  const page = await context.newPage();
  const sent: any[] = [];
  page.on("websocket", (ws) => ws.on("framesent", ({ payload }) => { if (typeof payload === "string") sent.push([Date.now(), JSON.parse(payload)]); else sent.push([Date.now(), {type: "bin", len: payload.length}]) }));
  await page.goto(shop.site.serve("/shop", { html: shop.html("<h1>Shop</h1>") }));
  const agent = await shop.desk.watch(shop.visitor);
  await (await Overlay.of(page)).click("button", "Allow");
  await agent.sees();
  const n = sent.length;
  await page.evaluate(async () => { for (let i = 0; i < 60; i++) { history.replaceState(null, "", "/map/" + i); await new Promise(r => setTimeout(r, 100)); } });
  console.log("PAGES", sent.slice(n).filter(([, m]) => m.type === "page").length, "profiles", sent.slice(n).filter(([, m]) => m.type === "profile").length);
  const t0 = Date.now();
  const frames = agent.frames.length;
  await page.evaluate(() => { document.body.append("late") });
  await expect.poll(() => agent.frames.length, POLL).toBeGreaterThan(frames);
  console.log("LATENCY ms", Date.now() - t0);
  const m = sent.length;
  await page.evaluate(() => { history.pushState(null, "", "/card/4111111111111111") });
  await new Promise(r => setTimeout(r, 2500));
  console.log("CARDPATH", JSON.stringify(sent.slice(m).map(([, m]) => m).filter(m => m.type !== "bin")));
});

test("locks denied", async () => {
  const { page, context } = await shop.customer({ presence: false });
  await context.addInitScript(() => {
    LockManager.prototype.request = () => Promise.reject(new DOMException("denied", "SecurityError"));
  });
  await page.reload();
  const outcome = await page.evaluate(() => Promise.race([window.Baton?.createCode().then(c => "code " + c), new Promise(r => setTimeout(() => r("nothing after 12 s: " + window.Baton?.status), 12000))]));
  console.log("LOCKS", outcome);
});

test("no locks: two lines", async () => {
  const { page, context } = await shop.customer({ presence: false });
  await context.addInitScript(() => { Object.defineProperty(Navigator.prototype, "locks", { value: undefined }); });
  const a = await fetch(shop.baton.origin + "/assistserver/shortcode/create", { method: "PUT" }).then(r => r.json()) as any;
  const ta = (await fetch(shop.baton.origin + "/assistserver/shortcode/consumer?appkey=" + a.shortCode).then(r => r.json()) as any)["session-token"];
  const b = await fetch(shop.baton.origin + "/assistserver/shortcode/create", { method: "PUT" }).then(r => r.json()) as any;
  const tb = (await fetch(shop.baton.origin + "/assistserver/shortcode/consumer?appkey=" + b.shortCode).then(r => r.json()) as any)["session-token"];
  await page.evaluate((t) => sessionStorage.setItem("baton:session", t), ta);
  await context.addInitScript((tb) => {
    let api: any; Object.defineProperty(window, "Baton", { configurable: true, get: () => api, set: (v) => { api = v; v.start(tb).then(() => { (window as any).r = "ok" }, (e: any) => { (window as any).r = e.message }); } });
  }, tb);
  let open = 0;
  page.on("websocket", (ws) => { open++; ws.on("close", () => open--); });
  await page.reload();
  await new Promise(r => setTimeout(r, 3000));
  console.log("TWO", open, await page.evaluate(() => [window.Baton?.status, (window as any).r, sessionStorage.getItem("baton:session")?.slice(0, 8)]), tb.slice(0, 8));
});

test("panel fails once", async () => {
  const { page, context } = await shop.customer();
  const agent = await shop.desk.watch(shop.visitor);
  await accept(page, agent);
  let first = true;
  await context.route("**/assets/panel.js", (route) => { if (first) { first = false; return route.fulfill({ status: 502, body: "" }); } return route.continue(); });
  await page.reload();
  await new Promise(r => setTimeout(r, 3000));
  console.log("PANEL", agent.session?.status, agent.session?.endedBy);
});
