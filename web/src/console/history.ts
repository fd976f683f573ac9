/**
 * The last five minutes of the cluster, as charts need them: levels, and rates made of counters.
 *
 * Nodes tell counters since their start, with the time they were read at. A rate is what a counter
 * grew by between two readings of that very node, whenever they arrive here. A node that started
 * anew counts from zero.
 */
import type { Load, Node, Tally } from "./api.ts";

/** How much is kept and shown, in seconds. */
export const SPAN_S = 300;
/** Between two arrivals that are further apart than this the connection was away: a gap. */
const GAP_S = 5;

/** What is measured of a node. Rates are per second, latency in microseconds. */
export interface Reading {
  sockets: number;
  streams: number | null;
  cobrowse: number | null;
  visitors: number | null;
  requests: number | null;
  creates: number | null;
  refusals: number | null;
  takeovers: number | null;
  frames: number | null;
  bytes: number | null;
  p50: number | null;
  p95: number | null;
  p99: number | null;
}

/** What is measured. */
export type Measure = keyof Reading;

/** One arrival: null where there was none. */
interface Point {
  /** Seconds since 1970, by this machine's clock. */
  at: number;
  nodes: ReadonlyMap<string, Reading> | null;
}

interface Known {
  startedMs: number;
  load: Load | null;
  reading: Reading;
}

export class History {
  readonly #points: Point[] = [];
  #known = new Map<string, Known>();

  /** The nodes, as they arrived at that time in seconds. */
  push(nodes: readonly Node[], at: number): void {
    this.#forgetFrom(at);
    const last = this.#points.at(-1);
    if (last !== undefined && at - last.at > GAP_S) this.#add({ at: last.at + 1, nodes: null });
    const known = new Map<string, Known>();
    for (const node of nodes) known.set(node.name, this.#read(node));
    this.#known = known;
    const readings = [...known].map(([name, { reading }]) => [name, reading] as const);
    this.#add({ at, nodes: new Map(readings) });
  }

  /** Nothing arrives any more. */
  gap(at: number): void {
    this.#forgetFrom(at);
    const last = this.#points.at(-1);
    if (last !== undefined && last.nodes !== null) this.#add({ at, nodes: null });
  }

  /** The newest reading of a node. */
  of(node: string): Reading | undefined {
    return this.#known.get(node)?.reading;
  }

  /** The names of all nodes in view, in order. */
  names(): string[] {
    const names = new Set<string>();
    for (const { nodes } of this.#points) for (const name of nodes?.keys() ?? []) names.add(name);
    return [...names].sort();
  }

  times(): number[] {
    return this.#points.map(({ at }) => at);
  }

  /** A measure of one node over time. */
  series(measure: Measure, node: string): (number | null)[] {
    return this.#points.map(({ nodes }) => nodes?.get(node)?.[measure] ?? null);
  }

  /** A measure of the cluster over time: the sum; of latency the slowest node's. */
  total(measure: Measure): (number | null)[] {
    return this.#points.map(({ nodes }) => (nodes === null ? null : together(nodes, measure)));
  }

  /** The newest value of the cluster. */
  newest(measure: Measure): number | null {
    const nodes = this.#points.at(-1)?.nodes;
    return nodes ? together(nodes, measure) : null;
  }

  /** Points of later than now are of before the clock of this machine was set back. */
  #forgetFrom(at: number): void {
    while ((this.#points.at(-1)?.at ?? Number.NEGATIVE_INFINITY) >= at) this.#points.pop();
  }

  #add(point: Point): void {
    this.#points.push(point);
    const oldest = point.at - SPAN_S - GAP_S;
    while ((this.#points[0]?.at ?? Number.POSITIVE_INFINITY) < oldest) this.#points.shift();
  }

  #read(node: Node): Known {
    const { load, sockets, started_ms: startedMs } = node;
    const before = this.#known.get(node.name);
    const isSame = before !== undefined && before.load?.at_ms === load?.at_ms;
    if (isSame && before.startedMs === startedMs) {
      return { ...before, reading: { ...before.reading, sockets } };
    }
    const per = (counter: keyof Tally) => rate(before, startedMs, load, counter);
    const reading: Reading = {
      sockets,
      streams: load?.held_streams ?? null,
      cobrowse: load?.hosted_sessions ?? null,
      visitors: load?.visitors ?? null,
      requests: per("requests"),
      creates: per("creates"),
      refusals: per("refusals"),
      takeovers: per("takeovers"),
      frames: per("relay_frames"),
      bytes: per("relay_bytes"),
      p50: load?.latency?.p50_us ?? null,
      p95: load?.latency?.p95_us ?? null,
      p99: load?.latency?.p99_us ?? null,
    };
    return { startedMs, load, reading };
  }
}

/** By how much a counter grew a second; null where two readings are wanting. */
function rate(
  before: Known | undefined,
  startedMs: number,
  load: Load | null,
  counter: keyof Tally,
): number | null {
  if (!before?.load || !load || load.at_ms <= before.load.at_ms) return null;
  const [then, now] = [before.load.since_start[counter], load.since_start[counter]];
  const isAnew = before.startedMs !== startedMs || now < then;
  return ((isAnew ? now : now - then) * 1000) / (load.at_ms - before.load.at_ms);
}

function together(nodes: ReadonlyMap<string, Reading>, measure: Measure): number | null {
  let sum: number | null = null;
  const isLatency = measure === "p50" || measure === "p95" || measure === "p99";
  for (const reading of nodes.values()) {
    const value = reading[measure];
    if (value !== null) sum = isLatency ? Math.max(sum ?? 0, value) : (sum ?? 0) + value;
  }
  return sum;
}
