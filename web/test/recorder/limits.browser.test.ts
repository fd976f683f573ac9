/** The recorder within the limits of a node: sizes, rates, and a connection that is too slow. */
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { FRAME_BYTES } from "../../src/wire/frame.ts";
import { Browser } from "../support/browser.ts";
import { POLL } from "../support/patience.ts";
import { follows, lasting, lastSnapshot, mirrored, named, SNAPSHOT, source } from "./mirror.ts";
import { Recording } from "./recording.ts";

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

test("however often the page changes, deltas keep their distance", async () => {
  const recording = await Recording.open(browser, { html: "<body><p>x</p></body>" });
  const before = (await recording.settled()).length;
  const lasted = await recording.page.evaluate(async () => {
    const channel = new MessageChannel();
    const begin = performance.now();
    for (let i = 0; i < 500; i++) {
      document.querySelector("p")?.setAttribute("class", `a${i}`);
      await new Promise((resolve) => {
        channel.port1.onmessage = resolve;
        channel.port2.postMessage("");
      });
    }
    return performance.now() - begin;
  });
  const frames = await recording.settled();
  // The first at once, the last behind the last change, and the mark.
  expect(frames.length - before).toBeLessThanOrEqual(lasted / 8 + 3);
  expect(JSON.stringify(frames.at(-2)) + JSON.stringify(frames.at(-1))).toContain('"a499"');
});

/** 8,000 elements and a style sheet of 230 KB. */
const LARGE = `<head><style>${Array.from({ length: 5_000 }, (_, i) => `.c${i} { color: rgb(${i % 255}, 0, 0) }`).join("\n")}</style></head>
  <body>${Array.from({ length: 2_000 }, (_, i) => `<div class="row c${i}"><span>Row ${i}</span><a href="/p/${i}">Product number ${i}</a><b>${i * 7}</b></div>`).join("")}</body>`;

test("a large page is compressed, and what comes after it stays behind it", async () => {
  const recording = await Recording.open(browser, { html: LARGE });
  await recording.page.evaluate(() => {
    // Small frames are packed at once, large ones later.
    window.bench.recorder.snapshot();
    document.body.append("first");
    window.bench.recorder.snapshot();
    document.body.append("second");
  });
  const frames = await recording.settled();
  expect(follows(frames)).toBe(true);
  const snapshots = frames.filter(({ kind }) => kind === SNAPSHOT);
  expect(snapshots.length).toBe(3);
  for (const { compressed, bytes, events } of snapshots) {
    expect(compressed).toBe(true);
    expect(bytes).toBeLessThan(JSON.stringify(events).length / 4);
    expect(bytes).toBeLessThan(256 * 1024);
  }
  expect(await mirrored(browser, frames)).toEqual(await source(recording));
});

test("behind a backlog nothing is sent; when it is gone everybody gets a new epoch", async () => {
  const recording = await Recording.open(browser, { html: "<body><p>x</p></body>" });
  const before = lasting(await recording.settled()).length;
  await recording.page.evaluate(async () => {
    window.bench.backlog = 64 << 20;
    for (let i = 0; i < 20; i++) {
      document.querySelector("p")?.append(`lost ${i} `);
      await new Promise((resolve) => setTimeout(resolve));
    }
  });
  await expect
    .poll(() =>
      recording.page.evaluate(() => document.querySelector("p")?.textContent?.endsWith("19 ")),
    )
    .toBe(true);
  expect(lasting(await recording.frames()).length).toBe(before);
  await recording.page.evaluate(() => {
    window.bench.backlog = 0;
  });
  await expect.poll(async () => (await recording.frames()).map(named).includes("1 2/0")).toBe(true);
  const frames = await recording.settled();
  expect(follows(frames)).toBe(true);
  expect(await mirrored(browser, frames)).toEqual(await source(recording));
});

test("a change too large for a delta is a snapshot for everybody", async () => {
  const recording = await Recording.open(browser, { html: "<body><p>x</p></body>" });
  await recording.settled();
  await recording.page.evaluate(() => {
    // Random letters do not compress: 1.5 MB remain more than 1 MiB.
    let text = "";
    for (let i = 0; i < 24; i++) {
      const bytes = crypto.getRandomValues(new Uint8Array(65_536));
      text += Array.from(bytes, (byte) => String.fromCharCode(0x4e00 + byte * 64)).join("");
    }
    (document.querySelector("p") as HTMLElement).textContent = text;
  });
  await expect.poll(async () => (await recording.frames()).map(named), POLL).toContain("1 2/0");
  const frames = await recording.settled();
  expect(follows(frames)).toBe(true);
  for (const { kind, bytes } of frames) expect(bytes).toBeLessThanOrEqual(FRAME_BYTES[kind]);
}, 120_000);

/** Runs in the page: 6.5 MB that do not compress. */
function noise(): string {
  let text = "";
  for (let i = 0; i < 100; i++) {
    const bytes = crypto.getRandomValues(new Uint8Array(65_536));
    text += Array.from(bytes, (byte) => String.fromCharCode(33 + (byte % 90))).join("");
  }
  return text;
}

test("a page too large goes without its images; what is too large even then is not sent", async () => {
  const recording = await Recording.open(browser, {
    html: `<head><link rel="stylesheet" href="/style.css"></head><body><img><p>Public</p></body>`,
    others: { "/style.css": "p { color: red }" },
  });
  const { page } = recording;
  const warnings: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "warning") warnings.push(message.text());
  });
  await recording.settled();
  await page.evaluate(`window.noise = ${noise}`);
  await page.evaluate('document.images[0].src = "data:image/png," + encodeURIComponent(noise())');
  await page.evaluate(() => window.bench.recorder.restart(4));
  await expect
    .poll(async () => lastSnapshot(await recording.frames())?.epoch, { timeout: 40_000 })
    .toBeGreaterThan(4);
  const lean = await recording.settled();
  expect(follows(lean)).toBe(true);
  const last = lastSnapshot(lean);
  expect(JSON.stringify(last?.events)).toContain("Public");
  expect(JSON.stringify(last?.events)).not.toContain("data:image");
  expect(warnings.length).toBe(1);

  await page.evaluate("document.querySelector('p').textContent = noise()");
  await expect.poll(() => warnings.length, { timeout: 40_000 }).toBe(2);
  for (const { kind, bytes } of await recording.frames()) {
    expect(bytes).toBeLessThanOrEqual(FRAME_BYTES[kind]);
  }
  // Small again, and asked for: shown again.
  await page.evaluate(() => {
    (document.querySelector("p") as HTMLElement).textContent = "Small";
    window.bench.recorder.snapshot();
  });
  await expect
    .poll(async () => JSON.stringify((await recording.frames()).at(-1)?.events), POLL)
    .toContain("Small");
}, 120_000);

test("a page that was too large for a while is shown again when it is not, asked for or not", async () => {
  const recording = await Recording.open(browser, { html: "<body><p>x</p></body>" });
  const { page } = recording;
  const warnings: string[] = [];
  page.on("console", (message) => {
    if (message.text().includes("too large to be shown")) warnings.push(message.text());
  });
  await recording.settled();
  await page.evaluate(`document.querySelector("p").textContent = (${noise})()`);
  await expect.poll(() => warnings.length, { timeout: 40_000 }).toBe(1);
  await page.clock.install();
  await page.evaluate(() => {
    (document.querySelector("p") as HTMLElement).textContent = "The dialog is closed";
  });
  await expect
    .poll(async () => {
      await page.clock.fastForward(20_000);
      return JSON.stringify(lastSnapshot(await recording.frames())?.events);
    }, POLL)
    .toContain("The dialog is closed");
  expect(follows(await recording.frames())).toBe(true);
}, 120_000);
