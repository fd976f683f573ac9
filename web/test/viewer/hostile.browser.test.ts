/** Pages that mean harm, clocks that are wrong, and sessions that last: the mirror takes all of them. */
import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { POLL } from "../support/patience.ts";
import { added, bundled, changed, documentOf, node } from "./visitor.ts";
import { mirror, scene, shopPage, Watching } from "./watching.ts";

let here: Watching;

beforeAll(async () => {
  here = await Watching.start();
});

afterAll(async () => {
  await here?.stop();
});

afterEach(async () => {
  await here.browser.tidy();
});

const FLAG = "(top.hacked ??= []).push";

/** Everything that runs, navigates or fetches in an ordinary page. Pictures and styles are allowed. */
function hostile(trap: string): object[] {
  const run = (how: string) => `try{${FLAG}("${how}")}catch{}new Image().src="${trap}/ran-${how}"`;
  const script = (how: string) => `<script>${run(how)}</script>`;
  const svg = (tag: string, attributes: object, children: (object | string)[] = []) => ({
    ...node(tag, { ...attributes }, children),
    isSVG: true,
  });
  return [
    node("script", {}, [run("script")]),
    node("SCRIPT", { src: `${trap}/script.js` }),
    node("img", { src: `${trap}/missing.png`, onerror: run("onerror"), ONLOAD: run("onload") }),
    node("a", { id: "link", href: `javascript:${run("href")}`, target: "_top" }, ["A link"]),
    node("a", { id: "away", href: `${trap}/away`, target: "_top" }, ["Another"]),
    node("button", {
      id: "button",
      onclick: run("onclick"),
      onfocus: run("onfocus"),
      autofocus: "",
    }),
    node("form", { id: "form", action: `${trap}/form`, target: "_top" }, [
      node("input", { type: "submit", formaction: `${trap}/formaction` }),
    ]),
    svg("svg", { onload: run("svg-onload") }, [
      svg("script", {}, [run("svg-script")]),
      svg("a", { "xlink:href": `javascript:${run("svg-href")}` }, [
        svg("animate", { attributeName: "href", values: `javascript:${run("animate")}` }),
      ]),
      svg("foreignObject", {}, [node("script", {}, [run("foreign")])]),
    ]),
    node("iframe", { srcdoc: script("srcdoc"), sandbox: "allow-scripts allow-same-origin" }),
    node("iframe", { src: `${trap}/frame` }),
    node("iframe", { src: `javascript:${run("frame")}` }),
    node("object", { data: `${trap}/object`, type: "text/html" }),
    node("embed", { src: `${trap}/embed`, type: "text/html" }),
    node("meta", { "http-equiv": "refresh", content: `0;url=${trap}/refresh` }),
    node("base", { href: `${trap}/base/` }),
    node("link", { rel: "preload", as: "script", href: `${trap}/preload.js` }),
    node("link", { rel: "modulepreload", href: `${trap}/module.js` }),
    node("link", { rel: "manifest", href: `${trap}/manifest` }),
    node("video", { src: `${trap}/film`, autoplay: "", onloadstart: run("video") }),
    node("details", { open: "", ontoggle: run("toggle") }),
    node("p", { id: "seen" }, ["Seen"]),
  ];
}

async function tamper(viewer: Page): Promise<void> {
  // What an agent could do by accident, if anything in the mirror could take it.
  for (const id of ["link", "away", "button"]) {
    const box = await mirror(viewer).locator(`#${id}`).first().boundingBox();
    if (box) await viewer.mouse.click(box.x + 2, box.y + 2);
  }
  for (let presses = 0; presses < 25; presses += 1) {
    await viewer.keyboard.press("Tab");
    expect(await viewer.evaluate(() => document.activeElement?.tagName)).not.toBe("IFRAME");
  }
}

test("a hostile page runs nothing, leads nowhere and learns no address", async () => {
  const trap = here.app;
  trap.serve("/trap.css", { html: "body { color: rgb(9, 8, 7) }", type: "text/css" });
  trap.serve("/seen.svg", {
    html: "<svg xmlns='http://www.w3.org/2000/svg'/>",
    type: "image/svg+xml",
  });
  trap.seen.length = 0;
  const head = [
    node("meta", { name: "referrer", content: "unsafe-url" }),
    node("link", {
      rel: "stylesheet",
      href: `${trap.origin}/trap.css`,
      referrerpolicy: "unsafe-url",
    }),
  ];
  const visitor = await here.visitor();
  const viewer = await here.viewer(visitor);
  const dialogs: string[] = [];
  viewer.on("dialog", (dialog) => {
    dialogs.push(dialog.type());
    void dialog.dismiss();
  });
  const url = viewer.url();
  await visitor.accept();
  await visitor.shows(documentOf(hostile(trap.origin), head));
  await scene(viewer, "live");
  await mirror(viewer).locator("#seen").first().waitFor();

  // The same by changes, and on elements that were harmless before.
  for (const one of hostile(trap.origin)) await visitor.delta(added(one));
  await visitor.delta(
    added(node("iframe", {}, [], 9001)),
    added(node("a", { id: "late" }, ["Late"], 9002)),
    added(node("img", { id: "late-img" }, [], 9003)),
    added(node("object", {}, [], 9004)),
  );
  const run = `top.hacked=["late"];new Image().src="${trap.origin}/ran-late"`;
  await visitor.delta(
    changed(9001, { srcdoc: `<script>${run}</script>`, src: `${trap.origin}/late-frame` }),
    changed(9002, { href: `javascript:${run}`, target: "_top", onclick: run }),
    changed(9003, { onerror: run, src: `${trap.origin}/seen.svg`, referrerpolicy: "unsafe-url" }),
    changed(9004, { data: `${trap.origin}/late-object` }),
  );
  await expect.poll(() => trap.seen.some(({ path }) => path === "/seen.svg"), POLL).toBe(true);
  await tamper(viewer);

  expect(await viewer.evaluate(() => (window as { hacked?: string[] }).hacked)).toBeUndefined();
  expect(dialogs).toEqual([]);
  expect(viewer.url()).toBe(url);
  expect(viewer.context().pages()).toHaveLength(1);
  await scene(viewer, "live");
  // Pictures, films and styles may be fetched; nothing else was.
  const allowed = ["/missing.png", "/trap.css", "/seen.svg", "/film", "/favicon.ico"];
  const fetched = [...new Set(trap.seen.map(({ path }) => path))];
  expect(fetched.filter((path) => !allowed.includes(path))).toEqual([]);
  expect(trap.seen.filter(({ headers }) => headers.referer !== undefined)).toEqual([]);
  const computed = await mirror(viewer)
    .locator("body")
    .evaluate((body) => getComputedStyle(body).color);
  expect(computed).toBe("rgb(9, 8, 7)");
});

test("the mirror's sandbox lets nothing run, whatever gets into its document", async () => {
  const { viewer } = await here.live();
  const iframe = viewer.locator("#mirror iframe").first();
  expect(await iframe.getAttribute("sandbox")).toBe("allow-same-origin");
  // Past the cleansing, straight into the document: the sandbox alone must hold.
  await iframe.evaluate((element) => {
    const { contentDocument } = element as HTMLIFrameElement;
    if (!contentDocument) return;
    const script = contentDocument.createElement("script");
    script.textContent = "top.hacked = 1";
    contentDocument.body.append(script);
    const div = contentDocument.createElement("div");
    div.innerHTML = "<img src=x: onerror='top.hacked = 2'><svg onload='top.hacked = 3'></svg>";
    contentDocument.body.append(div);
    const frame = contentDocument.createElement("iframe");
    frame.srcdoc = "<script>top.hacked = 4</script>";
    const loaded = new Promise((resolve) => frame.addEventListener("load", resolve));
    contentDocument.body.append(frame);
    return loaded;
  });
  expect(await viewer.evaluate(() => (window as { hacked?: number }).hacked)).toBeUndefined();
  // The browser says so itself, once for each: that is what was provoked.
  here.browser.complaints();
});

// Events are replayed by their timestamps: too old ones at once, and those of the future never. An
// hour and not the usual second, so that a replay that minds the clock cannot pass.
for (const [word, skewMs] of [
  ["behind", -3_600_000],
  ["ahead", 3_600_000],
] as const) {
  test(`a visitor whose clock is ${word} is seen as it is now`, async () => {
    const visitor = await here.visitor("<!doctype html><h1>Real</h1><div id='rows'></div>");
    const viewer = await here.viewer(visitor);
    await visitor.accept();
    await visitor.page.evaluate((skew) => window.standIn.record(skew), skewMs);
    await mirror(viewer).locator("h1", { hasText: "Real" }).waitFor();
    for (const text of ["One", "Two"]) {
      await visitor.page.evaluate((text) => {
        document.querySelector("#rows")?.append(text);
      }, text);
      await mirror(viewer).locator("#rows", { hasText: text }).waitFor();
    }
    await visitor.page.mouse.move(200, 100);
    await visitor.page.mouse.move(300, 120);
    await viewer.locator(".replayer-mouse[data-name='Visitor']").waitFor();
  });
}

test("a page of thousands of changes keeps no more of them than it needs", async () => {
  const page = await here.open(
    here.app.serve("/probe", { html: "<!doctype html><div id='root'></div>" }),
  );
  await page.evaluate(await bundled("mirror-probe.ts"));
  const kept = await page.evaluate(async (snapshot) => {
    const root = document.querySelector<HTMLElement>("#root");
    const none = () => {};
    if (!root) return [];
    const live = new window.LiveReplayer(root, {
      rebuilt: none,
      resized: none,
      focused: none,
      broken: none,
    });
    const kept: number[] = [];
    const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
    live.feed([{ type: 2, data: { node: snapshot, initialOffset: { left: 0, top: 0 } } }]);
    await frame();
    for (let at = 0; at < 5000; at += 1) {
      const change = { attributes: [{ id: 4, attributes: { title: String(at) } }] };
      live.feed([{ type: 3, data: { source: 0, adds: [], removes: [], texts: [], ...change } }]);
      if (at % 100 === 99) {
        await frame();
        kept.push(live.kept);
      }
    }
    await frame();
    return [Math.max(...kept), Number(live.iframe.contentDocument?.body.title)];
  }, shopPage());
  expect(kept[0]).toBeLessThan(400);
  expect(kept[1]).toBe(4999);
});

test("snapshots that come again and again do not pile up", async () => {
  const page = await here.open(
    here.app.serve("/snapshots", { html: "<!doctype html><div id='root'></div>" }),
  );
  await page.evaluate(await bundled("mirror-probe.ts"));
  const kept = await page.evaluate(async (snapshot) => {
    const root = document.querySelector<HTMLElement>("#root");
    const none = () => {};
    if (!root) return [];
    let built = none;
    const live = new window.LiveReplayer(root, {
      rebuilt: () => built(),
      resized: none,
      focused: none,
      broken: none,
    });
    const kept: number[] = [];
    for (let at = 0; at < 50; at += 1) {
      const node = structuredClone(snapshot);
      const meta = { type: 4, data: { href: "https://x.test", width: 9, height: 9 } };
      const isBuilt = new Promise<void>((resolve) => {
        built = resolve;
      });
      live.feed([meta, { type: 2, data: { node, initialOffset: { left: 0, top: 0 } } }]);
      await isBuilt;
      kept.push(live.kept);
    }
    return kept;
  }, shopPage());
  // The first event, the newest of before, and these two.
  expect(Math.max(...kept)).toBeLessThanOrEqual(4);
  expect(kept).toHaveLength(50);
});

test("while the browser paints nothing, what comes is refused and not hoarded", async () => {
  const page = await here.open(
    here.app.serve("/hidden", { html: "<!doctype html><div id='root'></div>" }),
  );
  await page.evaluate(await bundled("mirror-probe.ts"));
  const refusedAt = await page.evaluate(async (snapshot) => {
    // As in a hidden tab: frames are promised, and never come.
    window.requestAnimationFrame = () => 1;
    const root = document.querySelector<HTMLElement>("#root");
    const none = () => {};
    if (!root) return 0;
    const live = new window.LiveReplayer(root, {
      rebuilt: none,
      resized: none,
      focused: none,
      broken: none,
    });
    live.feed([{ type: 2, data: { node: snapshot, initialOffset: { left: 0, top: 0 } } }]);
    for (let at = 0; at < 10_000; at += 1) {
      const change = { attributes: [{ id: 4, attributes: { title: String(at) } }] };
      const data = { source: 0, adds: [], removes: [], texts: [], ...change };
      if (!live.feed([{ type: 3, data }])) return at;
      await Promise.resolve();
    }
    return 0;
  }, shopPage());
  expect(refusedAt).toBeGreaterThan(100);
});
