/** The agent's wheel, as positions of what scrolls on the visitor's page. */
import type { FromViewer, Point } from "../wire/messages.ts";
import { SCROLL_MOST, within } from "./geometry.ts";
import type { LiveReplayer } from "./live.ts";
import { isRtl, scrollerAt, targetAt } from "./target.ts";
import { Throttle } from "./throttle.ts";

/** 30 positions a second. */
const SCROLL_MS = 33;
/** The mirror follows within this time: then its own position counts again. */
const FOLLOWED_MS = 400;
/** A mouse that has gone so far means something else, in pixels of the visitor. */
const ELSEWHERE_PX = 8;
/** What a line of `WheelEvent.deltaMode` is worth. */
const LINE_PX = 32;

export class Scroller {
  readonly #live: () => LiveReplayer;
  readonly #moves: Throttle<FromViewer>;
  /** Where the last turn of the wheel led: the mirror is not there yet when the next one comes. */
  #wanted: { element: Element; at: Point; mouse: Point; time: number } | undefined;

  constructor(live: () => LiveReplayer, say: (message: FromViewer) => void) {
    this.#live = live;
    this.#moves = new Throttle(SCROLL_MS, say);
  }

  turn(point: Point, event: WheelEvent): void {
    const { contentDocument } = this.#live().iframe;
    const under = contentDocument && targetAt(contentDocument, point);
    if (!under) return;
    const delta = pixels(event, contentDocument.documentElement.clientHeight);
    const going = this.#going(point, event.timeStamp);
    const element = going?.element ?? scrollerAt(under.element, delta);
    if (!element) return;
    const from = going?.at ?? { x: element.scrollLeft, y: element.scrollTop };
    const at = limited(element, from, delta);
    this.#wanted = { element, at, mouse: going?.mouse ?? point, time: event.timeStamp };
    if (element === contentDocument.scrollingElement) {
      this.#moves.push({ type: "scroll", ...at });
      return;
    }
    const node = this.#live().idOf(element);
    if (node !== undefined) this.#moves.push({ type: "scroll", node, ...at });
  }

  /** What is being scrolled goes on, also where the page moves something else under the mouse. */
  #going({ x, y }: Point, now: number): { element: Element; at: Point; mouse: Point } | undefined {
    const wanted = this.#wanted;
    if (!wanted?.element.isConnected || now - wanted.time > FOLLOWED_MS) return undefined;
    const isElsewhere = Math.hypot(x - wanted.mouse.x, y - wanted.mouse.y) > ELSEWHERE_PX;
    return isElsewhere ? undefined : wanted;
  }
}

function pixels({ deltaX, deltaY, deltaMode, shiftKey }: WheelEvent, page: number): Point {
  const unit =
    deltaMode === WheelEvent.DOM_DELTA_LINE
      ? LINE_PX
      : deltaMode === WheelEvent.DOM_DELTA_PAGE
        ? page
        : 1;
  // With Shift a wheel goes sideways; some browsers have done so already.
  const sideways = shiftKey && deltaX === 0;
  return sideways ? { x: deltaY * unit, y: 0 } : { x: deltaX * unit, y: deltaY * unit };
}

function limited(element: Element, from: Point, by: Point): Point {
  const wide = Math.min(element.scrollWidth - element.clientWidth, SCROLL_MOST);
  const high = Math.min(element.scrollHeight - element.clientHeight, SCROLL_MOST);
  const [left, right] = isRtl(element) ? [-wide, 0] : [0, wide];
  return {
    x: Math.round(within(from.x + by.x, left, right)),
    y: Math.round(within(from.y + by.y, 0, high)),
  };
}
