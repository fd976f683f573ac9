/** A line that a viewer draws, of pieces: what comes costs the same however long it is. */
import type { Point } from "../wire/messages.ts";
import { svg } from "./element.ts";

/** A piece with so many points gets no more. */
const PIECE_POINTS = 256;
/** Pieces of a stroke; the oldest goes. With what one message brings (256), some 2,000 points. */
const PIECES = 5;

interface Piece {
  path: SVGPathElement;
  steps: string[];
}

export class Stroke {
  readonly userId: string;
  readonly element = svg("g", { class: "stroke" });
  /** Runs until it fades. */
  timer: ReturnType<typeof setTimeout> | undefined;
  /** Scrolled so far when it began: it stays with the page. */
  readonly #from: Point = { x: scrollX, y: scrollY };
  readonly #pieces: Piece[] = [];

  constructor(userId: string) {
    this.userId = userId;
  }

  get points(): number {
    return this.#pieces.reduce((sum, { steps }) => sum + steps.length, 0);
  }

  draw(color: string, points: [number, number][]): void {
    this.element.setAttribute("stroke", color);
    this.element.classList.remove("gone");
    const { x, y } = this.#shift;
    const { path, steps } = this.#piece();
    for (const [left, top] of points) steps.push(`${left - x} ${top - y}`);
    // A line of no length makes a dot of a single point.
    path.setAttribute("d", `M${steps[0]}L${steps.join("L")}`);
  }

  /** The page was scrolled. */
  follow(): void {
    const { x, y } = this.#shift;
    this.element.setAttribute("transform", `translate(${x} ${y})`);
  }

  /** The one that goes on; a new one begins where the last one ends. */
  #piece(): Piece {
    const last = this.#pieces.at(-1);
    if (last && last.steps.length < PIECE_POINTS) return last;
    const piece = { path: svg("path"), steps: last?.steps.slice(-1) ?? [] };
    this.#pieces.push(piece);
    this.element.append(piece.path);
    if (this.#pieces.length > PIECES) this.#pieces.shift()?.path.remove();
    return piece;
  }

  /** How far the page has moved since it began. */
  get #shift(): Point {
    return { x: this.#from.x - scrollX, y: this.#from.y - scrollY };
  }
}
