/** The recorder in a real page: what it sends, in which order, and that a mirror of it is the page. */
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { Browser } from "../support/browser.ts";
import { POLL } from "../support/patience.ts";
import { DELTA, follows, lasting, mirrored, named, SNAPSHOT, source, VOLATILE } from "./mirror.ts";
import { Recording, type Sent } from "./recording.ts";

let browser: Browser;

beforeAll(async () => {
  browser = await Browser.start();
});
afterAll(async () => {
  await browser?.stop();
});
afterEach(async () => {
  await browser.tidy();
});

/** Ids of all nodes of a snapshot, each with what it is. */
function nodes(frame: Sent | undefined): string[] {
  const found: string[] = [];
  JSON.stringify(frame?.events, (_, value) => {
    if (value && typeof value === "object" && "id" in value && "type" in value) {
      found.push(`${value.id} ${value.tagName ?? value.textContent ?? value.type}`);
    }
    return value;
  });
  return found.sort();
}

test("page, viewport, a snapshot, then deltas without gaps", async () => {
  const recording = await Recording.open(browser, {
    html: "<body><h1>Hello</h1></body>",
    path: "/a/b?token=1#x",
    epoch: 7,
  });
  await recording.settled();
  await recording.page.evaluate(async () => {
    for (let i = 0; i < 5; i++) {
      document.body.append(`change ${i}`);
      await new Promise((resolve) => setTimeout(resolve));
    }
  });
  const frames = await recording.settled();
  const calls = await recording.page.evaluate(() => window.bench.calls);
  expect(calls.slice(0, 2)).toEqual(["viewport", "frame 1"]);
  expect(frames.slice(0, 2).map(named)).toEqual(["1 7/0", "2 7/1"]);
  expect(follows(frames)).toBe(true);
  const [meta, full] = frames[0]?.events ?? [];
  expect(meta).toMatchObject({ type: 4, data: { href: "http://page.test/a/b" } });
  expect(full?.type).toBe(2);
  expect(JSON.stringify(frames.slice(1))).toContain("change 4");
});

test("another snapshot is of the same epoch and sequence, and nodes keep their ids", async () => {
  const recording = await Recording.open(browser, {
    html: `<head><style>p { color: red }</style></head><body><p id="p">one<b>two</b></p>
      <script>1</script><!-- x --><template>y</template>
      <div id="host"><template shadowrootmode="open"><i>shadow</i></template></div></body>`,
  });
  const before = await recording.settled();
  const first = nodes(before[0]);
  await recording.page.evaluate(() => window.bench.recorder.snapshot());
  await recording.page.evaluate(() => {
    document.querySelector("p")?.append("three");
  });
  const frames = await recording.settled();
  const again = frames.map(({ kind }) => kind).lastIndexOf(SNAPSHOT);
  expect(again).toBe(before.length);
  expect(frames[again]?.sequence).toBe(frames[again - 1]?.sequence);
  expect(follows(frames)).toBe(true);
  const second = nodes(frames[again]);
  expect(first.length).toBeGreaterThan(10);
  expect(first.filter((node) => !second.includes(node))).toEqual([]);
  // Who goes on without it is told the same ids.
  expect(
    await mirrored(
      browser,
      frames.filter((_, i) => i !== again),
    ),
  ).toEqual(await source(recording));
  expect(await mirrored(browser, frames.slice(again))).toEqual(await source(recording));
});

test("another epoch begins anew, never below an earlier one", async () => {
  const recording = await Recording.open(browser, { html: "<body>x</body>" });
  await recording.settled();
  await recording.page.evaluate(() => window.bench.recorder.restart(5));
  await recording.settled();
  await recording.page.evaluate(() => window.bench.recorder.restart(2));
  const frames = await recording.settled();
  const snapshots = frames.filter(({ kind }) => kind === SNAPSHOT);
  expect(snapshots.map(named)).toEqual(["1 1/0", "1 5/0", "1 6/0"]);
  expect(follows(frames)).toBe(true);
  const calls = await recording.page.evaluate(() => window.bench.calls);
  expect(calls.filter((call) => call === "viewport").length).toBe(3);
});

test("a page that is still loading is shown when it is parsed, in the newest epoch", async () => {
  let load = () => {};
  const slow = new Promise<void>((resolve) => {
    load = resolve;
  });
  const recording = await Recording.open(browser, {
    html: `<body><p>above</p><script src="/slow.js"></script><p>below</p></body>`,
    slow,
  });
  await recording.page.evaluate(() => {
    window.bench.recorder.snapshot();
    window.bench.recorder.restart(3);
  });
  expect(await recording.page.evaluate(() => document.readyState)).toBe("loading");
  expect(await recording.frames()).toEqual([]);
  load();
  const frames = await recording.settled();
  expect(frames.map(named)[0]).toBe("1 3/0");
  expect(JSON.stringify(frames[0]?.events)).toContain("below");
  expect(follows(frames)).toBe(true);
});

test("what changes in one turn of the page is one frame", async () => {
  const recording = await Recording.open(browser, { html: "<body><p>x</p></body>" });
  const before = (await recording.settled()).length;
  const turns = 60;
  await recording.page.evaluate(async (count) => {
    const sheet = document.head.appendChild(document.createElement("style")).sheet;
    const p = document.querySelector("p");
    for (let i = 0; i < count; i++) {
      await new Promise((resolve) => requestAnimationFrame(resolve));
      sheet?.insertRule(`.a${i} { color: red }`);
      p?.setAttribute("class", `a${i}`);
      p?.append("x");
      p?.append("y");
    }
  }, turns);
  const frames = await recording.settled();
  // One more for the style element, one for the mark.
  expect(frames.length - before).toBeLessThanOrEqual(turns + 2);
  expect(await mirrored(browser, frames)).toEqual(await source(recording));
});

test("moves of the mouse are volatile, carry the last sequence, and wait for nobody", async () => {
  const recording = await Recording.open(browser, { html: "<body><p>x</p></body>" });
  const { page } = recording;
  await recording.settled();
  await page.mouse.move(10, 10);
  await expect
    .poll(async () => (await recording.frames()).some(({ kind }) => kind === VOLATILE))
    .toBe(true);
  const frames = await recording.settled();
  expect(follows(frames)).toBe(true);
  for (const { kind, events } of frames) {
    const hasMoves = JSON.stringify(events).includes('"positions"');
    expect(hasMoves).toBe(kind === VOLATILE);
  }
  await page.evaluate(() => {
    window.bench.backlog = 100_000;
  });
  const moves = (await recording.settled()).filter(({ kind }) => kind === VOLATILE).length;
  await page.mouse.move(50, 50, { steps: 10 });
  await recording.settled();
  expect((await recording.frames()).filter(({ kind }) => kind === VOLATILE).length).toBe(moves);
});

test("scroll positions are deltas", async () => {
  const recording = await Recording.open(browser, {
    html: `<body style="height: 5000px"><p>x</p></body>`,
  });
  await recording.settled();
  await recording.page.evaluate(() => scrollTo(0, 1234));
  await expect
    .poll(async () =>
      JSON.stringify((await recording.frames()).filter(({ kind }) => kind === DELTA)),
    )
    .toContain('"y":1234');
});

test("another size of the window is told", async () => {
  const recording = await Recording.open(browser, { html: "<body>x</body>" });
  const { page } = recording;
  await recording.settled();
  await page.setViewportSize({ width: 333, height: 444 });
  await expect.poll(() => page.evaluate(() => window.bench.viewports.at(-1))).toEqual([333, 444]);
});

test("nothing is left of it after stop", async () => {
  const recording = await Recording.open(browser, {
    html: `<body><input><iframe srcdoc="<p>x</p>"></iframe></body>`,
    before: () => {
      Object.assign(window, {
        native: {
          pushState: history.pushState,
          insertRule: CSSStyleSheet.prototype.insertRule,
          value: Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value")?.set,
          attachShadow: Element.prototype.attachShadow,
          setProperty: CSSStyleDeclaration.prototype.setProperty,
          addRule: CSSStyleSheet.prototype.addRule,
          addEventListener: HTMLIFrameElement.prototype.addEventListener,
        },
      });
    },
  });
  const { page } = recording;
  await recording.settled();
  await page.evaluate(() => window.bench.recorder.snapshot());
  await recording.settled();
  const left = await page.evaluate(async () => {
    window.bench.recorder.stop();
    const calls = window.bench.calls.length;
    history.pushState({}, "", "/elsewhere");
    document.body.append("unseen");
    (document.querySelector("input") as HTMLInputElement).value = "unseen";
    dispatchEvent(new Event("resize"));
    for (let i = 0; i < 5; i++) await new Promise((resolve) => setTimeout(resolve));
    const now = {
      pushState: history.pushState,
      insertRule: CSSStyleSheet.prototype.insertRule,
      value: Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value")?.set,
      attachShadow: Element.prototype.attachShadow,
      setProperty: CSSStyleDeclaration.prototype.setProperty,
      addRule: CSSStyleSheet.prototype.addRule,
      addEventListener: HTMLIFrameElement.prototype.addEventListener,
    };
    const native = (window as unknown as { native: Record<string, unknown> }).native;
    return {
      calls: window.bench.calls.length - calls,
      patched: Object.entries(now).flatMap(([name, fn]) => (fn === native[name] ? [] : name)),
      own: Object.hasOwn(history, "pushState"),
      node: window.bench.recorder.node(1) === undefined,
    };
  });
  expect(left).toEqual({ calls: 0, patched: [], own: false, node: true });
});

test("errors of the page are the page's", async () => {
  const recording = await Recording.open(browser, {
    html: "<head><style>p {}</style></head><body><p>x</p></body>",
  });
  await recording.settled();
  const heard = await recording.page.evaluate(() => {
    try {
      document.styleSheets[0]?.insertRule("no rule at all");
      return "";
    } catch (error) {
      return (error as Error).name;
    }
  });
  expect(heard).toBe("SyntaxError");
});

test("frames of the same origin are mirrored, after a second snapshot too", async () => {
  const recording = await Recording.open(browser, {
    html: `<body><p>Outer</p><iframe id="src" src="/inner"></iframe></body>`,
    others: { "/inner": "<p>Inner</p>", "/next": "<p>Next</p>" },
  });
  const { page } = recording;
  await page.frameLocator("#src").locator("text=Inner").waitFor();
  await recording.settled();
  await page.evaluate(() => window.bench.recorder.snapshot());
  await recording.settled();
  await page.evaluate(() => window.bench.recorder.snapshot());
  await recording.settled();
  await page.evaluate(() => {
    const frame = document.createElement("iframe");
    return window.bench.load(frame, { id: "late", srcdoc: "<p>Late</p>" });
  });
  await recording.settled();
  for (const id of ["src", "late"]) {
    await page.evaluate((id) => {
      const inner = (document.getElementById(id) as HTMLIFrameElement).contentDocument;
      const [list, other] = [inner?.createElement("ul"), inner?.createElement("ol")];
      if (!inner || !list || !other) return;
      list.innerHTML = "<li>a</li><li>b</li>";
      inner.body.append(list, other);
    }, id);
    await recording.settled();
    // A move: told twice, it would leave a copy.
    await page.evaluate((id) => {
      const inner = (document.getElementById(id) as HTMLIFrameElement).contentDocument;
      inner?.querySelector("ol")?.append(inner.querySelector("li") ?? "");
    }, id);
    await recording.settled();
  }
  const frames = await recording.settled();
  expect(follows(frames)).toBe(true);
  expect(await mirrored(browser, frames)).toEqual(await source(recording));
  await page.evaluate(async () => {
    const get = (id: string) => document.getElementById(id) as HTMLIFrameElement;
    await window.bench.load(get("src"), { src: "/next" });
    await window.bench.load(get("late"), { srcdoc: "<p>Later</p>" });
  });
  expect(await mirrored(browser, await recording.settled())).toEqual(await source(recording));
});

test("a frame that is written anew is shown anew, and watched on", async () => {
  const recording = await Recording.open(browser, { html: "<body><iframe></iframe></body>" });
  const { page } = recording;
  await recording.settled();
  for (const text of ["First", "Second"]) {
    await page.evaluate((text) => {
      const inner = document.querySelector("iframe")?.contentDocument;
      inner?.open();
      inner?.write(`<!doctype html><p>${text}</p>`);
      inner?.close();
    }, text);
    await page.frameLocator("iframe").locator(`text=${text}`).waitFor();
    await expect
      .poll(async () => JSON.stringify(lasting(await recording.frames())), POLL)
      .toContain(text);
    await recording.settled();
    await page.evaluate(() => {
      const body = document.querySelector("iframe")?.contentDocument?.body;
      body?.append("more");
    });
    const frames = await recording.settled();
    expect(follows(frames)).toBe(true);
    expect(await mirrored(browser, frames)).toEqual(await source(recording));
  }
});

test.each([1, 2, 3])("after random changes the mirror is the page (seed %i)", async (seed) => {
  const recording = await Recording.open(browser, {
    html: `<head><style>p { color: red }</style></head>
      <body data-baton-unmask><main><p>a</p><ul><li>b</li></ul><input value="c"></main></body>`,
  });
  await recording.settled();
  for (let round = 0; round < 8; round++) {
    await recording.page.evaluate(change, seed * 100 + round);
    await recording.settled();
    if (round === 3) await recording.page.evaluate(() => window.bench.recorder.snapshot());
    if (round === 5) await recording.page.evaluate(() => window.bench.recorder.restart(3));
  }
  const frames = await recording.settled();
  expect(follows(frames)).toBe(true);
  expect(await mirrored(browser, frames)).toEqual(await source(recording));
});

/** Runs in the page: forty changes, the same for each seed. */
async function change(seed: number): Promise<void> {
  let state = seed;
  const random = (below: number) => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x6d2b79f5) >>> 0;
    return (state >>> 8) % below;
  };
  const root = document.querySelector("main") as HTMLElement;
  const any = () => {
    const all = [root, ...root.querySelectorAll<HTMLElement>(":not(input):not(span *)")];
    return all[random(all.length)] ?? root;
  };
  for (let i = 0; i < 40; i++) {
    const one = any();
    const other = any();
    switch (random(9)) {
      case 0:
        one.append(document.createElement(["p", "div", "b", "ul"][random(4)] ?? "p"));
        break;
      case 1:
        one.prepend(`text ${random(1000)}`);
        break;
      case 2:
        if (one !== root) one.remove();
        break;
      case 3:
        if (!one.contains(other)) other.append(one);
        break;
      case 4:
        one.setAttribute("class", `c${random(9)}`);
        break;
      case 5:
        one.style.setProperty("margin-top", `${random(30)}px`);
        break;
      case 6:
        one.insertAdjacentHTML("beforeend", `<i>i${random(99)}<u>u</u></i>`);
        break;
      case 7: {
        const host = document.createElement("span");
        one.append(host);
        host.attachShadow({ mode: "open" }).innerHTML = `<em>shadow ${random(99)}</em>`;
        break;
      }
      default:
        for (const text of one.childNodes) {
          if (text.nodeType === Node.TEXT_NODE) text.nodeValue = `new ${random(99)}`;
        }
    }
    if (random(4) === 0) await new Promise((resolve) => setTimeout(resolve));
  }
}
