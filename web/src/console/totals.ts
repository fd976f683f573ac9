/** The cluster in a line of numbers. */
import { element, make } from "../page/elements.ts";
import type { Node } from "./api.ts";
import type { History, Measure } from "./history.ts";
import { stateOf } from "./nodes.ts";
import { setText } from "./page.ts";
import { bytes, count, latency, NONE, rate } from "./words.ts";

type Format = (value: number | null) => string;

const TOTALS: [name: string, measure: Measure, format: Format][] = [
  ["Sockets", "sockets", count],
  ["Streams", "streams", count],
  ["Co-browse", "cobrowse", count],
  ["Visitors", "visitors", count],
  ["Created/s", "creates", rate],
  ["Refused/s", "refusals", rate],
  ["Relayed/s", "bytes", bytes],
  ["p99", "p99", latency],
];

export class Totals {
  readonly #history: History;
  readonly #ready = make("dd", "", NONE);
  readonly #values = TOTALS.map(() => make("dd", "", NONE));

  constructor(history: History) {
    this.#history = history;
    const root = element("totals", HTMLDListElement);
    root.append(make("div", "", make("dt", "", "Nodes ready"), this.#ready));
    for (const [at, [name, measure]] of TOTALS.entries()) {
      const value = this.#values[at];
      if (value === undefined) continue;
      const pair = make("div", "", make("dt", "", name), value);
      pair.dataset.measure = measure;
      root.append(pair);
    }
  }

  show(nodes: readonly Node[] | null): void {
    const ready = nodes?.filter((node) => stateOf(node) === "ready").length;
    setText(this.#ready, nodes === null ? NONE : `${ready} of ${nodes.length}`);
    for (const [at, [, measure, format]] of TOTALS.entries()) {
      const value = this.#values[at];
      if (value !== undefined) setText(value, format(this.#history.newest(measure)));
    }
  }

  clear(): void {
    for (const value of [this.#ready, ...this.#values]) setText(value, NONE);
  }
}
