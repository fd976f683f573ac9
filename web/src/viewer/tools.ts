/** Cursor, spotlight and pen: what the agent's mouse does while it shows, and does not act. */
import type { FromViewer, Permissions, Point } from "../wire/messages.ts";
import { COLORS } from "./colors.ts";
import type { Ink } from "./ink.ts";
import { Stroke } from "./stroke.ts";
import { Throttle } from "./throttle.ts";

export const MODES = ["cursor", "pointer", "draw"] as const;
export type Mode = (typeof MODES)[number];

/** 40 positions a second: a fifth of what the node takes of a viewer. */
const MOVE_MS = 25;

export class Tools {
  readonly #say: (message: FromViewer) => void;
  readonly #ink: Ink;
  readonly #moves: Throttle<FromViewer>;
  #mode: Mode = "cursor";
  #color: string = COLORS[0];
  #permissions: Permissions | undefined;
  #drawing: { stroke: Stroke; line: SVGPolylineElement } | undefined;
  #strokes = 0;
  /** Told after each change of mode, colour or permissions. */
  changed: () => void = () => {};

  constructor(ink: Ink, say: (message: FromViewer) => void) {
    this.#ink = ink;
    this.#say = say;
    this.#moves = new Throttle(MOVE_MS, say);
  }

  get mode(): Mode {
    return this.#mode;
  }

  get color(): string {
    return this.#color;
  }

  set color(color: string) {
    if (color === this.#color) return;
    this.#color = color;
    this.changed();
  }

  set permissions(permissions: Permissions) {
    this.#permissions = permissions;
    if (!this.may("draw")) this.choose("cursor");
    this.changed();
  }

  may(mode: Mode): boolean {
    return mode !== "draw" || this.#permissions?.allow_draw === true;
  }

  /** Takes a tool; false where it is not permitted. */
  choose(mode: Mode): boolean {
    if (!this.may(mode)) return false;
    if (mode === this.#mode) return true;
    this.lift();
    this.#mode = mode;
    this.changed();
    return true;
  }

  /** The mouse is at the last of these points; there are more where the browser has merged events. */
  move(points: Point[]): void {
    const last = points.at(-1);
    if (!last) return;
    if (this.#mode !== "draw") this.#moves.push({ type: this.#mode, x: last.x, y: last.y });
    else this.#draw(points);
  }

  press(point: Point): void {
    if (this.#mode !== "draw") {
      this.move([point]);
      return;
    }
    this.#strokes += 1;
    // Of this page only: a reload begins anew, and must not go on with an old stroke.
    const id = `${Math.round(performance.timeOrigin).toString(36)}-${this.#strokes}`;
    const stroke = new Stroke(id, this.#color, this.#say);
    this.#drawing = { stroke, line: this.#ink.begin(this.#color) };
    this.#draw([point]);
  }

  /** The button, or the finger, is up. */
  lift(): void {
    if (!this.#drawing) return;
    this.#drawing.stroke.end();
    this.#ink.end(this.#drawing.line);
    this.#drawing = undefined;
  }

  clear(): void {
    this.lift();
    this.#ink.clear();
    this.#say({ type: "clear" });
  }

  #draw(points: Point[]): void {
    if (!this.#drawing) return;
    const pairs = points.map(({ x, y }): [number, number] => [x, y]);
    this.#drawing.stroke.add(pairs);
    this.#ink.extend(this.#drawing.line, pairs);
  }
}
