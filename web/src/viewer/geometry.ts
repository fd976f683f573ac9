/** How the visitor's viewport lies on the stage. Numbers only. */
import type { Point } from "../wire/messages.ts";

export interface Size {
  width: number;
  height: number;
}

export type Zoom = "fit" | "full";

/** A box on the agent's screen, as `getBoundingClientRect` tells it. */
export interface Box extends Size {
  left: number;
  top: number;
}

/** What the relay takes as a coordinate. */
const COORDINATE_MOST = 100_000;
/** And as a scroll position, either way. */
export const SCROLL_MOST = 10_000_000;
/** Smaller, a page cannot be read at all. */
const SCALE_LEAST = 0.1;

/** The scale at which the visitor's viewport is shown: never larger than it is. */
export function scaleOf(page: Size, stage: Size, zoom: Zoom): number {
  if (zoom === "full" || page.width <= 0 || page.height <= 0) return 1;
  const fit = Math.min(stage.width / page.width, stage.height / page.height, 1);
  return Math.max(fit, SCALE_LEAST);
}

/**
 * A point of the agent's screen in CSS pixels of the visitor's viewport: within it, to a tenth.
 *
 * `shown` is where the mirror lies on the screen, scaled as it is.
 */
export function toPage(screen: Point, shown: Box, page: Size): Point {
  const along = (at: number, from: number, length: number, pixels: number) => {
    if (length <= 0) return 0;
    return tenth(within(((at - from) / length) * pixels, 0, Math.min(pixels, COORDINATE_MOST)));
  };
  return {
    x: along(screen.x, shown.left, shown.width, page.width),
    y: along(screen.y, shown.top, shown.height, page.height),
  };
}

/** A point relative to a box, as the relay takes it. */
export function relativeTo(point: Point, box: Box): Point {
  return {
    x: tenth(within(point.x - box.left, 0, COORDINATE_MOST)),
    y: tenth(within(point.y - box.top, 0, COORDINATE_MOST)),
  };
}

export function within(value: number, least: number, most: number): number {
  return Math.min(Math.max(value, least), most);
}

function tenth(value: number): number {
  return Math.round(value * 10) / 10;
}
