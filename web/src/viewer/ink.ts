/** The agent's own strokes, as the visitor sees them: they fade, or go when cleared. */
import type { Point } from "../wire/messages.ts";
import type { Size } from "./geometry.ts";

const SVG = "http://www.w3.org/2000/svg";
/** A stroke begins to go so long after its end. Visitors' pages do the same. */
export const FADE_AFTER_MS = 10_000;
/** And is gone after this: the transition in viewer.css. */
const FADE_MS = 600;

export class Ink {
  readonly #svg: SVGSVGElement;
  /** How far the mirrored page is scrolled. */
  readonly #scrolled: () => Point;
  /** Where the page was when a stroke began: it stays with what it was drawn on. */
  readonly #from = new Map<SVGPolylineElement, Point>();

  constructor(svg: SVGSVGElement, scrolled: () => Point) {
    this.#svg = svg;
    this.#scrolled = scrolled;
  }

  resize({ width, height }: Size): void {
    this.#svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  }

  begin(color: string): SVGPolylineElement {
    const line = document.createElementNS(SVG, "polyline");
    line.setAttribute("stroke", color);
    this.#svg.append(line);
    this.#from.set(line, this.#scrolled());
    if (this.#from.size === 1) this.#follow();
    return line;
  }

  extend(line: SVGPolylineElement, points: [number, number][]): void {
    const { x: left, y: top } = this.#shift(line);
    for (const [x, y] of points) {
      const point = this.#svg.createSVGPoint();
      point.x = x - left;
      point.y = y - top;
      line.points.appendItem(point);
    }
  }

  end(line: SVGPolylineElement): void {
    setTimeout(() => {
      line.classList.add("gone");
      setTimeout(() => this.#erase(line), FADE_MS);
    }, FADE_AFTER_MS);
  }

  clear(): void {
    for (const line of this.#from.keys()) this.#erase(line);
  }

  #erase(line: SVGPolylineElement): void {
    line.remove();
    this.#from.delete(line);
  }

  /** Moves strokes as the page moves, while there are any. The mirror's own scroll events end with each rebuild. */
  #follow(): void {
    if (this.#from.size === 0) return;
    for (const line of this.#from.keys()) {
      const { x, y } = this.#shift(line);
      line.setAttribute("transform", `translate(${x} ${y})`);
    }
    requestAnimationFrame(() => this.#follow());
  }

  #shift(line: SVGPolylineElement): Point {
    const now = this.#scrolled();
    const from = this.#from.get(line) ?? now;
    return { x: from.x - now.x, y: from.y - now.y };
  }
}
