/** Data frames, in their order, as lists of events; asks for a snapshot where something is missing. */
import { decode, type Frame, KIND } from "../wire/frame.ts";
import { unpack } from "../wire/packing.ts";
import { Track } from "./track.ts";

export interface FeedListener {
  /** Shows events; false where they cannot be shown now. */
  show(events: unknown, isSnapshot: boolean): boolean;
  /** Something is missing: ask for a snapshot. */
  lost(): void;
}

export class Feed {
  readonly #listener: FeedListener;
  readonly #track = new Track();
  /** Inflating is asynchronous: each frame waits for the one before. */
  #chain = Promise.resolve();
  /** Raised when what waits in the chain is void. */
  #generation = 0;

  constructor(listener: FeedListener) {
    this.#listener = listener;
  }

  /** Whether nothing will be shown before a snapshot comes. */
  get needsSnapshot(): boolean {
    return this.#track.needsSnapshot;
  }

  /** The next frame is a snapshot: somebody has promised it. */
  reset(): void {
    this.#generation += 1;
    this.#track.reset();
  }

  /** What is shown cannot be trusted. */
  lose(): void {
    this.#generation += 1;
    if (this.#track.lose()) this.#listener.lost();
  }

  take(data: ArrayBuffer): void {
    const frame = decode(data);
    // Nodes check headers: what is no frame means that something between has gone wrong.
    if (frame === undefined) {
      this.lose();
      return;
    }
    const verdict = this.#track.judge(frame);
    if (verdict === "lost") this.#listener.lost();
    if (verdict !== "show") return;
    const generation = this.#generation;
    this.#chain = this.#chain.then(() => this.#show(frame, generation));
  }

  async #show({ payload, compressed, kind }: Frame, generation: number): Promise<void> {
    const isVoid = () => generation !== this.#generation;
    if (isVoid()) return;
    try {
      const events = await unpack(payload, compressed);
      if (isVoid()) return;
      if (!this.#listener.show(events, kind === KIND.snapshot)) this.lose();
    } catch {
      if (!isVoid()) this.lose();
    }
  }
}
