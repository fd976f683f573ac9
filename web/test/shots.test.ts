import { test } from "vitest";
import { Baton } from "./baton.ts";
import { Browser } from "./browser.ts";
import { Pages } from "./pages.ts";
import { Desk, Visitor } from "./visitor.ts";

const HTML = `<!doctype html><title>Shop</title><style>body{margin:0;font:16px system-ui;background:#faf7f2}header{background:#24403a;color:#fff;padding:18px 40px;font-weight:700;font-size:20px}main{display:grid;grid-template-columns:1fr 1fr 1fr;gap:20px;padding:40px}article{background:#fff;border-radius:12px;padding:20px;box-shadow:0 2px 8px #0001}article div{height:120px;background:#e6ddce;border-radius:8px;margin-bottom:12px}button{background:#24403a;color:#fff;border:0;padding:10px 18px;border-radius:8px}</style><header>Fernweh Outdoor</header><main>${["Tent", "Stove", "Lamp", "Rope", "Boots", "Map"].map((n) => `<article><div></div><h3>${n}</h3><p>Made to last, for many summers.</p><button>Add to basket</button></article>`).join("")}</main>`;
test("shots", async () => {
  const shop = await Pages.start();
  const baton = await Baton.start({ BATON_COBROWSE__ALLOWED_ORIGINS: shop.origin });
  const browser = await Browser.start();
  const desk = await Desk.open(baton);
  for (const scheme of ["light", "dark"] as const) {
    const visitor = await Visitor.arrive({ browser, baton, shop }, HTML);
    const link = await desk.link(visitor, {
      branding: { retry_url: "https://crm.example.com/again" },
    });
    const viewer = await browser.page({
      colorScheme: scheme,
      viewport: { width: 1280, height: 800 },
    });
    await viewer.goto(link);
    const shot = (n: string) => viewer.screenshot({ path: `/tmp/shots/${scheme}-${n}.png` });
    await viewer.locator('html[data-scene="asking"]').waitFor();
    await shot("asking");
    await visitor.accept();
    await visitor.page.evaluate(() => window.standIn.record(0));
    await viewer.locator('html[data-scene="live"]').waitFor();
    await visitor.page.mouse.move(300, 300);
    await visitor.page.mouse.move(420, 340);
    await visitor.page.waitForTimeout(900);
    await viewer.locator('[data-mode="draw"]').click();
    const box = (await viewer.locator("#surface").boundingBox())!;
    await viewer.mouse.move(box.x + 500, box.y + 200);
    await viewer.mouse.down();
    for (let i = 0; i < 30; i++)
      await viewer.mouse.move(
        box.x + 500 + 80 * Math.cos(i / 4.5),
        box.y + 220 + 50 * Math.sin(i / 4.5),
      );
    await viewer.mouse.up();
    await shot("live");
    await viewer.locator("#control").click();
    await shot("asked");
    await visitor.grant();
    await viewer.locator("#address:not([hidden])").waitFor();
    await shot("control");
    await viewer.setViewportSize({ width: 390, height: 760 });
    await viewer.waitForTimeout(300);
    await shot("phone");
    await viewer.setViewportSize({ width: 1280, height: 800 });
    const b = await desk.link(visitor, { branding: { naked: true } });
    const second = await browser.page({
      colorScheme: scheme,
      viewport: { width: 900, height: 600 },
    });
    await second.goto(b);
    await second.locator('html[data-scene="live"]').waitFor();
    await second.waitForTimeout(500);
    await second.screenshot({ path: `/tmp/shots/${scheme}-naked.png` });
    await shot("two");
    await visitor.page.close();
    await viewer.locator('html[data-scene="left"]').waitFor();
    await shot("left");
    await second.screenshot({ path: `/tmp/shots/${scheme}-naked-left.png` });
    await desk.end(visitor);
    await viewer.locator('html[data-scene="ended"]').waitFor();
    await shot("ended");
    const used = await browser.page({ colorScheme: scheme, viewport: { width: 700, height: 500 } });
    await used.goto(link);
    await used.locator('html[data-scene="failed"], html[data-scene="ended"]').first().waitFor();
    await used.screenshot({ path: `/tmp/shots/${scheme}-used.png` });
  }
  await browser.stop();
  await baton.stop();
  await shop.stop();
}, 120000);
