/** A page with the recorder in it, in a real browser, and all that leaves it. */
import { readFile } from "node:fs/promises";
import type { eventWithTime } from "@rrweb/types";
import type { Page } from "playwright-core";
import { expect } from "vitest";
import type { Options, Recorder, RecorderHost, RecorderModule } from "../../src/visitor/parts.ts";
import { decode, type Frame } from "../../src/wire/frame.ts";
import { unpack } from "../../src/wire/packing.ts";
import type { Browser } from "../support/browser.ts";
import { POLL } from "../support/patience.ts";

/** Nobody answers there: the browser is given what it asks for. */
const ORIGIN = "http://page.test";
const RECORDER = new URL("../../dist/cobrowse/recorder.js", import.meta.url);

/** What the page keeps for the test. */
interface Bench {
  recorder: Recorder;
  /** Frames in base64, in the order in which they were sent. */
  sent: string[];
  viewports: [number, number][];
  /** Names of what the host was asked for, in order. */
  calls: string[];
  backlog: number;
  mark(text: string): Promise<void>;
  /** Waits until the frame has loaded what it is told to, and after everybody who waits for that. */
  load(frame: HTMLIFrameElement, content: Partial<HTMLIFrameElement>): Promise<void>;
}
declare global {
  interface Window {
    bench: Bench;
  }
}

export interface Sent extends Omit<Frame, "payload"> {
  events: eventWithTime[];
  bytes: number;
}

export interface Setup {
  /** What is in `<html>`. */
  html: string;
  options?: Options;
  /** Path, query and fragment of the page. */
  path?: string;
  /** Other documents of the site, by path. */
  others?: Record<string, string>;
  epoch?: number;
  /** Runs in the page before anything else. */
  before?: () => void;
  /** "/slow.js" is answered after it; the recorder does not wait for the page. */
  slow?: Promise<void>;
}

export class Recording {
  readonly page: Page;
  #frames: Sent[] = [];
  #marks = 0;

  private constructor(page: Page) {
    this.page = page;
  }

  /** Opens the page, and starts the recorder when it has loaded. */
  static async open(browser: Browser, setup: Setup): Promise<Recording> {
    const { html, options = {}, path = "/", others = {}, epoch = 1, before, slow } = setup;
    const page = await browser.page();
    await page.route("**/*", async (route) => {
      const { origin, pathname } = new URL(route.request().url());
      const other = others[pathname];
      if (pathname === "/recorder.js") {
        await route.fulfill({
          contentType: "text/javascript",
          body: await readFile(RECORDER, "utf8"),
        });
      } else if (pathname === "/slow.js") {
        await slow;
        await route.fulfill({ contentType: "text/javascript", body: "" });
      } else if (other !== undefined) {
        const contentType = pathname.endsWith(".css") ? "text/css" : "text/html; charset=utf-8";
        await route.fulfill({ contentType, body: other });
      } else if (origin === ORIGIN && route.request().isNavigationRequest()) {
        const body = `<!doctype html><html>${html}</html>`;
        await route.fulfill({ contentType: "text/html; charset=utf-8", body });
      } else {
        await route.fulfill({ status: 404, body: "" });
      }
    });
    if (before) await page.addInitScript(before);
    await page.goto(`${ORIGIN}${path}`, { waitUntil: slow ? "commit" : "load" });
    const recording = new Recording(page);
    // As text: what vitest makes of an import is nothing for a browser.
    const module = await page.evaluateHandle<RecorderModule>('import("/recorder.js")');
    await page.evaluate(startBench, { module, options, epoch });
    return recording;
  }

  /** All frames that were sent until now. */
  async frames(): Promise<Sent[]> {
    const sent = await this.page.evaluate(() => window.bench.sent.splice(0));
    for (const base64 of sent) {
      const bytes = new Uint8Array(Buffer.from(base64, "base64"));
      const frame = decode(bytes.buffer);
      if (!frame) throw new Error("no frame of the protocol");
      const { payload, ...header } = frame;
      const events = await unpack(payload, frame.compressed);
      this.#frames.push({ ...header, events, bytes: bytes.length });
    }
    return [...this.#frames];
  }

  /** Waits until what has happened in the page has left it; gives all frames. */
  async settled(): Promise<Sent[]> {
    const mark = `mark-${++this.#marks}-`;
    const before = (await this.frames()).length;
    await this.page.evaluate((text) => window.bench.mark(text), mark);
    await expect
      .poll(async () => JSON.stringify((await this.frames()).slice(before)), POLL)
      .toContain(mark);
    return this.frames();
  }
}

interface Start {
  module: RecorderModule;
  options: Options;
  epoch: number;
}

/** Runs in the page. */
function startBench({ module, options, epoch }: Start): void {
  const calls: string[] = [];
  const bench: Omit<Bench, "recorder" | "load"> & Partial<Bench> = {
    sent: [],
    viewports: [],
    calls,
    backlog: 0,
    async mark(text) {
      // After the timers of a page, and of rrweb, that are due at once.
      for (let i = 0; i < 3; i++) await new Promise((resolve) => setTimeout(resolve));
      const marker =
        document.querySelector("baton-mark") ??
        (document.body ?? document.documentElement).appendChild(
          document.createElement("baton-mark"),
        );
      // A class is told of masked elements too.
      marker.className = text;
    },
  };
  bench.load = (frame, content) => {
    const loaded = new Promise<void>((resolve) => {
      frame.addEventListener("load", () => setTimeout(resolve), { once: true });
    });
    Object.assign(frame, content);
    if (!frame.isConnected) document.body.append(frame);
    return loaded;
  };
  const host: RecorderHost = {
    options,
    epoch,
    send(frame) {
      calls.push(`frame ${frame[0]}`);
      let binary = "";
      for (let i = 0; i < frame.length; i += 8192) {
        binary += String.fromCharCode(...frame.subarray(i, i + 8192));
      }
      bench.sent.push(btoa(binary));
    },
    backlog: () => bench.backlog,
    viewport(width, height) {
      calls.push("viewport");
      bench.viewports.push([width, height]);
    },
  };
  window.bench = bench as Bench;
  window.bench.recorder = module.startRecorder(host);
}
