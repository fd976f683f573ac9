/** What viewers do on top of the page: cursors, spotlights, drawings, and where they clicked. */
import { make } from "../page/elements.ts";
import type { Point } from "../wire/messages.ts";
import { svg } from "./element.ts";
import { Stroke } from "./stroke.ts";

/** A cursor that rests so long is put out of the way. */
const CURSOR_REST_MS = 10_000;
const SPOT_MS = 3_000;
/** Of a stroke since its last point: read, and understood. */
const STROKE_MS = 10_000;
const HIT_MS = 700;
/** The transition of what fades. */
const FADE_MS = 600;
/** Strokes at a time; the oldest goes. */
const STROKES = 200;
/** Points of all strokes: more take so long to paint that the page no longer answers. */
const POINTS = 10_000;

/** White text is readable on each of them (4.5:1). */
const COLOURS = ["#b3391f", "#1d5fbf", "#1b7a43", "#8a3ab0", "#0f6d7f", "#a8286a", "#7d5200"];

type Timer = ReturnType<typeof setTimeout>;

interface Mark {
  element: HTMLElement;
  timer?: Timer;
}

export class Marks {
  readonly element = make("div", "marks");
  readonly #strokesRoot = svg("svg", { class: "strokes" });
  readonly #cursors = new Map<string, Mark>();
  readonly #spots = new Map<string, Mark>();
  readonly #strokes = new Map<string, Stroke>();
  readonly #scrolled = (event: Event) => this.#follow(event.target);
  #unnamed = 0;

  constructor() {
    this.element.setAttribute("aria-hidden", "true");
    this.element.append(this.#strokesRoot);
    addEventListener("scroll", this.#scrolled, { capture: true, passive: true });
  }

  close(): void {
    removeEventListener("scroll", this.#scrolled, { capture: true });
    for (const { timer } of [...this.#cursors.values(), ...this.#spots.values()])
      clearTimeout(timer);
    for (const { timer } of this.#strokes.values()) clearTimeout(timer);
    this.element.remove();
  }

  /** Only those are there. */
  keep(userIds: Set<string>): void {
    for (const marks of [this.#cursors, this.#spots]) {
      for (const userId of marks.keys()) if (!userIds.has(userId)) remove(marks, userId);
    }
    for (const { userId } of this.#strokes.values()) if (!userIds.has(userId)) this.clear(userId);
  }

  cursor(userId: string, name: string, at: Point): void {
    const mark = this.#mark(this.#cursors, userId, () => arrow(name));
    move(mark.element, at);
    mark.element.classList.remove("gone");
    mark.timer = setTimeout(() => mark.element.classList.add("gone"), CURSOR_REST_MS);
  }

  spot(userId: string, at: Point): void {
    const mark = this.#mark(this.#spots, userId, () => make("div", "spot"));
    move(mark.element, at);
    mark.timer = setTimeout(() => remove(this.#spots, userId), SPOT_MS);
  }

  hit(userId: string, at: Point): void {
    const shown = make("div", "hit");
    paint(shown, userId);
    move(shown, at);
    this.element.append(shown);
    setTimeout(() => shown.remove(), HIT_MS);
  }

  /** Points of one stroke may come in several messages of the same id. */
  draw(userId: string, id: string | undefined, color: string, points: [number, number][]): void {
    const key = `${userId} ${id ?? `#${++this.#unnamed}`}`;
    const stroke = this.#strokes.get(key) ?? this.#newStroke(key, userId);
    stroke.draw(color, points);
    this.#limit();
    clearTimeout(stroke.timer);
    stroke.timer = setTimeout(() => this.#fade(key, stroke), STROKE_MS);
  }

  /** All strokes of one viewer. */
  clear(userId: string): void {
    for (const [key, stroke] of this.#strokes) if (stroke.userId === userId) this.#erase(key);
  }

  #mark(marks: Map<string, Mark>, userId: string, create: () => HTMLElement): Mark {
    const known = marks.get(userId);
    clearTimeout(known?.timer);
    if (known) return known;
    const made = { element: create() };
    paint(made.element, userId);
    marks.set(userId, made);
    this.element.append(made.element);
    return made;
  }

  #newStroke(key: string, userId: string): Stroke {
    const oldest = this.#strokes.size >= STROKES ? this.#strokes.keys().next().value : undefined;
    if (oldest !== undefined) this.#erase(oldest);
    const stroke = new Stroke(userId);
    this.#strokes.set(key, stroke);
    this.#strokesRoot.append(stroke.element);
    return stroke;
  }

  #limit(): void {
    let points = 0;
    for (const stroke of this.#strokes.values()) points += stroke.points;
    for (const [key, stroke] of this.#strokes) {
      if (points <= POINTS) return;
      points -= stroke.points;
      this.#erase(key);
    }
  }

  #fade(key: string, stroke: Stroke): void {
    stroke.element.classList.add("gone");
    stroke.timer = setTimeout(() => this.#erase(key), FADE_MS);
  }

  #erase(key: string): void {
    const stroke = this.#strokes.get(key);
    clearTimeout(stroke?.timer);
    stroke?.element.remove();
    this.#strokes.delete(key);
  }

  /** Drawings move with the page; what was drawn on a part that scrolls by itself means nothing then. */
  #follow(target: EventTarget | null): void {
    if (target !== document) {
      for (const key of this.#strokes.keys()) this.#erase(key);
      return;
    }
    for (const stroke of this.#strokes.values()) stroke.follow();
  }
}

function move(moved: HTMLElement, { x, y }: Point): void {
  moved.style.translate = `${x}px ${y}px`;
}

function remove(marks: Map<string, Mark>, userId: string): void {
  const mark = marks.get(userId);
  clearTimeout(mark?.timer);
  mark?.element.remove();
  marks.delete(userId);
}

/** The same colour for the same viewer, on every page. */
function paint(painted: HTMLElement, userId: string): void {
  const sum = [...userId].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) >>> 0, 7);
  painted.style.setProperty("--mine", COLOURS[sum % COLOURS.length] ?? "");
}

function arrow(name: string): HTMLElement {
  const icon = svg("svg", { width: "22", height: "24", viewBox: "0 0 22 24" });
  icon.append(
    svg("path", {
      d: "M2 2l5 18 4-7 8-2z",
      fill: "currentColor",
      stroke: "#fff",
      "stroke-width": "1.5",
      "stroke-linejoin": "round",
    }),
  );
  return make("div", "cursor", icon, make("span", "", name));
}
