/** A mirror of a recorded page: what a viewer has of it, to be compared with the page. */
import { fileURLToPath } from "node:url";
import type { eventWithTime } from "@rrweb/types";
import { build } from "esbuild";
import type { Page } from "playwright-core";
import type { Browser } from "../support/browser.ts";
import type { Recording, Sent } from "./recording.ts";

export const SNAPSHOT = 1;
export const DELTA = 2;
export const VOLATILE = 3;

let replay: Promise<string> | undefined;

export const named = ({ kind, epoch, sequence }: Sent) => `${kind} ${epoch}/${sequence}`;
export const lastSnapshot = (frames: Sent[]) =>
  frames.filter(({ kind }) => kind === SNAPSHOT).at(-1);
export const lasting = (frames: Sent[]) => frames.filter(({ kind }) => kind !== VOLATILE);

/** As a viewer does: a snapshot is a new start, a delta must be the next. */
export function follows(frames: Sent[]): boolean {
  let [epoch, sequence] = [0, 0];
  return frames.every((frame) => {
    if (frame.kind === SNAPSHOT) {
      const isLater = frame.epoch > epoch || (frame.epoch === epoch && frame.sequence === sequence);
      [epoch, sequence] = [frame.epoch, frame.sequence];
      return isLater;
    }
    if (frame.kind === DELTA) sequence++;
    return frame.epoch === epoch && frame.sequence === sequence;
  });
}

/** Runs in either page: elements, classes and texts in document order, through shadow roots and frames. */
function outline(root: Document): string[] {
  const lines: string[] = [];
  const visit = (node: Node, depth: number) => {
    if (node.nodeType === Node.TEXT_NODE) {
      const text = node.nodeValue?.trim();
      if (text && node.parentElement?.localName !== "style")
        lines.push(`${" ".repeat(depth)}${text}`);
      return;
    }
    if (node.nodeType === Node.ELEMENT_NODE) {
      const element = node as HTMLElement;
      // rrweb's own styles are children of <html>.
      if (/^(script|head|style|template|noscript)$/.test(element.localName)) return;
      const classes = element.className.replace("rrweb-paused", "");
      const margin = element.style.marginTop;
      lines.push(`${" ".repeat(depth)}<${element.localName} ${classes} ${margin}>`);
      if (element.shadowRoot)
        for (const child of element.shadowRoot.childNodes) visit(child, depth + 1);
      const inner = (element as HTMLIFrameElement).contentDocument;
      if (inner) visit(inner, depth + 1);
    }
    for (const child of node.childNodes) visit(child, depth + 1);
  };
  visit(root, 0);
  return lines;
}

export async function source(recording: Recording): Promise<string[]> {
  return recording.page.evaluate(`(${outline})(document)`);
}

/** Builds what replays in the browser. */
async function bundle(): Promise<string> {
  const { outputFiles } = await build({
    stdin: {
      contents: 'export { Replayer } from "@rrweb/replay"',
      resolveDir: fileURLToPath(new URL("../..", import.meta.url)),
    },
    bundle: true,
    format: "iife",
    globalName: "rrwebReplay",
    write: false,
    logLevel: "error",
  });
  return outputFiles[0]?.text ?? "";
}

/** What a viewer has after these frames. */
export async function mirrored(browser: Browser, frames: Sent[]): Promise<string[]> {
  return replayed(browser, frames, outline);
}

/** Text and background of each paragraph, as a viewer sees them. */
export async function colors(browser: Browser, frames: Sent[]): Promise<string[]> {
  return replayed(browser, frames, (root) => {
    const inner = [...root.querySelectorAll("*")].flatMap((element) => element.shadowRoot ?? []);
    return [root, ...inner].flatMap((part) =>
      [...part.querySelectorAll("p")].map((p) => {
        const { color, backgroundColor } = getComputedStyle(p);
        return `${color} ${backgroundColor}`;
      }),
    );
  });
}

/** `read` runs in the page of the mirror, and gets its document. */
async function replayed(
  browser: Browser,
  frames: Sent[],
  read: (root: Document) => string[],
): Promise<string[]> {
  replay ??= bundle();
  const events = frames.flatMap(({ events }) => events);
  const page: Page = await browser.page();
  await page.route("**/*", (route) =>
    route.fulfill({ contentType: "text/html", body: "<!doctype html><body></body>" }),
  );
  await page.goto("http://viewer.test/");
  await page.addScriptTag({ content: await replay });
  await page.evaluate(play, JSON.stringify(events));
  const lines: string[] = await page.evaluate(
    `(${read})(document.querySelector(".replayer-wrapper iframe").contentDocument)`,
  );
  await page.close();
  return lines;
}

/** Runs in the page of the mirror: as our viewer does, live, and with times of its own. */
async function play(json: string): Promise<void> {
  const events: eventWithTime[] = JSON.parse(json);
  interface Replayer {
    startLive(at: number): void;
    addEvent(event: eventWithTime): void;
    on(name: string, listener: (event: { type: number }) => void): void;
  }
  const { Replayer } = (
    window as unknown as {
      rrwebReplay: { Replayer: new (events: unknown[], options: object) => Replayer };
    }
  ).rrwebReplay;
  const replayer = new Replayer([], { liveMode: true, useVirtualDom: false, showWarning: false });
  let cast = 0;
  replayer.on("event-cast", () => {
    cast++;
  });
  replayer.startLive(Date.now() - 1);
  for (const event of events) {
    replayer.addEvent({ ...event, timestamp: Date.now() - 1 });
    await new Promise((resolve) => setTimeout(resolve));
  }
  // It plays what waits when its timer comes round.
  while (cast < events.length) await new Promise((resolve) => setTimeout(resolve, 10));
}
