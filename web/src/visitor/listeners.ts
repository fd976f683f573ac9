/** Those of the page who want to know. */
import type { Emit, VisitEvents } from "./visit_events.ts";

type Listener<Event extends keyof VisitEvents> = (value: VisitEvents[Event]) => void;
type All = { [Event in keyof VisitEvents]: Set<Listener<Event>> };

export class Listeners {
  readonly #all: All = {
    status: new Set(),
    lookupCode: new Set(),
    ended: new Set(),
    error: new Set(),
  };

  /** Adds a listener; what is returned takes it away again. */
  add<Event extends keyof VisitEvents>(event: Event, listener: Listener<Event>): () => void {
    const listeners = this.#all[event];
    if (!listeners) {
      throw new TypeError(`Baton.on: no event "${event}": ${Object.keys(this.#all).join(", ")}`);
    }
    listeners.add(listener);
    return () => listeners.delete(listener);
  }

  readonly emit: Emit = (event, value) => {
    for (const listener of this.#all[event]) {
      // What the page makes of it is not to stop the script.
      queueMicrotask(() => listener(value));
    }
  };
}
