/** One stroke on its way to the visitor, in parts. */
import type { FromViewer } from "../wire/messages.ts";

/** Some thirty parts a second. */
const PART_MS = 33;
/** What one message takes. */
export const POINTS_MOST = 256;

export class Stroke {
  readonly #say: (message: FromViewer) => void;
  readonly #color: string;
  readonly #id: string;
  #points: [number, number][] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(id: string, color: string, say: (message: FromViewer) => void) {
    this.#id = id;
    this.#color = color;
    this.#say = say;
  }

  add(points: [number, number][]): void {
    this.#points.push(...points);
    this.#timer ??= setTimeout(() => this.#flush(), PART_MS);
  }

  end(): void {
    this.#flush();
  }

  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    while (this.#points.length > 0) {
      const points = this.#points.splice(0, POINTS_MOST);
      this.#say({ type: "draw", points, color: this.#color, id: this.#id });
    }
  }
}
