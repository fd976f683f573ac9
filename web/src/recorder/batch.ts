/** Events that happen together leave together: a frame for each turn of the page, and not too many. */
import type { eventWithTime } from "@rrweb/types";

/** At least so long from one delta to the next: well below the 300 frames a second a node takes. */
const SPACING_MS = 8;

export class Batch {
  readonly #deliver: (events: eventWithTime[]) => void;
  #events: eventWithTime[] = [];
  #isDue = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #deliveredAt = Number.NEGATIVE_INFINITY;

  constructor(deliver: (events: eventWithTime[]) => void) {
    this.#deliver = deliver;
  }

  add(event: eventWithTime): void {
    this.#events.push(event);
    if (this.#isDue) return;
    this.#isDue = true;
    const wait = this.#deliveredAt + SPACING_MS - performance.now();
    // Twice later: after the observers that what happens now is going to wake.
    if (wait <= 0) queueMicrotask(() => queueMicrotask(() => this.flush()));
    else this.#timer = setTimeout(() => this.flush(), wait);
  }

  flush(): void {
    const events = this.#events;
    this.clear();
    if (events.length === 0) return;
    this.#deliveredAt = performance.now();
    this.#deliver(events);
  }

  clear(): void {
    clearTimeout(this.#timer);
    this.#events = [];
    this.#isDue = false;
  }
}
