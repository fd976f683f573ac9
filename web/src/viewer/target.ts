/** What lies under a point of the mirror: frames and shadow roots included. */
import type { Point } from "../wire/messages.ts";

export interface Target {
  element: Element;
  /** The same point, in the element's own document's viewport. */
  point: Point;
}

/** Deeper nesting is a hostile page's. */
const DEPTH_MOST = 32;

export function targetAt(document: Document, at: Point): Target | undefined {
  let root: Document | ShadowRoot = document;
  let point = at;
  let found: Element | undefined;
  for (let depth = 0; depth < DEPTH_MOST; depth += 1) {
    const element: Element | null = root.elementFromPoint(point.x, point.y);
    if (!element || element === found) break;
    found = element;
    const inner = innerDocument(element);
    if (inner) {
      const next = insideFrame(element, point);
      if (!inner.elementFromPoint(next.x, next.y)) break;
      root = inner;
      point = next;
    } else if (element.shadowRoot) {
      root = element.shadowRoot;
    } else break;
  }
  return found && { element: found, point };
}

/** The element, and those around it across shadow roots and frames, from the inside out. */
export function* around(element: Element): Generator<Element> {
  let at: Element | null = element;
  while (at) {
    yield at;
    at = at.parentElement ?? hostOf(at);
  }
}

/** What scrolls when the wheel turns over an element: the nearest that can go further that way. */
export function scrollerAt(element: Element, delta: Point): Element | undefined {
  for (const candidate of around(element)) {
    if (canScroll(candidate, delta)) return candidate;
  }
  return undefined;
}

function canScroll(element: Element, delta: Point): boolean {
  const isPage = element === element.ownerDocument.scrollingElement;
  const { overflowX, overflowY } = viewOf(element).getComputedStyle(element);
  const scrolls = (overflow: string) => isPage || overflow === "auto" || overflow === "scroll";
  const { scrollLeft, scrollTop, scrollWidth, scrollHeight, clientWidth, clientHeight } = element;
  const goes = (by: number, from: number, least: number, most: number) =>
    (by > 0 && from < most - 1) || (by < 0 && from > least + 1);
  const wide = scrollWidth - clientWidth;
  const [left, right] = isRtl(element) ? [-wide, 0] : [0, wide];
  return (
    (scrolls(overflowY) && goes(delta.y, scrollTop, 0, scrollHeight - clientHeight)) ||
    (scrolls(overflowX) && goes(delta.x, scrollLeft, left, right))
  );
}

/** Pages from right to left count down from zero. */
export function isRtl(element: Element): boolean {
  return viewOf(element).getComputedStyle(element).direction === "rtl";
}

function hostOf(element: Element): Element | null {
  const root = element.getRootNode();
  if ("host" in root) return root.host as Element;
  const { frameElement } = viewOf(element);
  // The mirror's own frame is the viewer's.
  return frameElement && isMirrored(frameElement) ? frameElement : null;
}

function isMirrored(frame: Element): boolean {
  return frame.ownerDocument !== document;
}

function viewOf(element: Element): Window {
  return element.ownerDocument.defaultView ?? window;
}

function innerDocument(element: Element): Document | undefined {
  // By name: elements of other documents are of other classes.
  if (element.localName !== "iframe" && element.localName !== "frame") return undefined;
  return (element as HTMLIFrameElement).contentDocument ?? undefined;
}

function insideFrame(frame: Element, point: Point): Point {
  const { left, top } = frame.getBoundingClientRect();
  const { paddingLeft, paddingTop } = viewOf(frame).getComputedStyle(frame);
  return {
    x: point.x - left - frame.clientLeft - Number.parseFloat(paddingLeft),
    y: point.y - top - frame.clientTop - Number.parseFloat(paddingTop),
  };
}
