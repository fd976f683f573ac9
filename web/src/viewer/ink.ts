/** The agent's own strokes, as the visitor sees them: they fade, or go when cleared. */
import type { Size } from "./geometry.ts";

const SVG = "http://www.w3.org/2000/svg";
/** A stroke begins to go so long after its end. Visitors' pages do the same. */
export const FADE_AFTER_MS = 8000;
/** And is gone after this: the transition in viewer.css. */
const FADE_MS = 600;

export class Ink {
  readonly #svg: SVGSVGElement;

  constructor(svg: SVGSVGElement) {
    this.#svg = svg;
  }

  resize({ width, height }: Size): void {
    this.#svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  }

  begin(color: string): SVGPolylineElement {
    const line = document.createElementNS(SVG, "polyline");
    line.setAttribute("stroke", color);
    this.#svg.append(line);
    return line;
  }

  extend(line: SVGPolylineElement, points: [number, number][]): void {
    for (const [x, y] of points) {
      const point = this.#svg.createSVGPoint();
      point.x = x;
      point.y = y;
      line.points.appendItem(point);
    }
  }

  end(line: SVGPolylineElement): void {
    setTimeout(() => {
      line.classList.add("gone");
      setTimeout(() => line.remove(), FADE_MS);
    }, FADE_AFTER_MS);
  }

  clear(): void {
    this.#svg.replaceChildren();
  }
}
