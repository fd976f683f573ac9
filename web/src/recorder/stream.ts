/**
 * Numbers frames as docs/relay-protocol.md asks for, and sends them in that order.
 *
 * Numbers are given when a frame is put in; packing takes its time, one after the other. A frame of
 * an epoch that is over by then is not sent.
 */
import type { eventWithTime, mutationData } from "@rrweb/types";
import { encode, FRAME_BYTES, HEADER_BYTES, KIND, type Kind } from "../wire/frame.ts";
import { pack } from "../wire/packing.ts";

/** Deltas wait no longer behind so much: the viewer is shown the page anew when it is through. */
const CONGESTED_BYTES = 1 << 20;
/** Moves of the mouse are for now, or not at all. */
const LATE_BYTES = 64 * 1024;

export interface StreamHost {
  send(frame: Uint8Array<ArrayBuffer>): void;
  backlog(): number;
  /** A frame of that kind is larger than a node takes; its epoch is lost. */
  oversize(kind: Kind): void;
}

export class Stream {
  #epoch: number;
  #sequence = 0;
  /** Of the last snapshot: it may wait as long as it needs to. */
  #snapshotBytes = 0;
  #last: Promise<void> = Promise.resolve();
  readonly #host: StreamHost;

  constructor(host: StreamHost, epoch: number) {
    this.#host = host;
    this.#epoch = epoch;
  }

  /** Drops what is not sent yet, and begins an epoch above the present one, that one or a later. */
  begin(epoch = 0): void {
    this.#epoch = Math.max(epoch, this.#epoch + 1);
    this.#sequence = 0;
    this.#snapshotBytes = 0;
  }

  get isCongested(): boolean {
    return this.#host.backlog() > CONGESTED_BYTES + this.#snapshotBytes;
  }

  get isDrained(): boolean {
    return this.#host.backlog() < LATE_BYTES;
  }

  snapshot(events: eventWithTime[]): void {
    this.#put(KIND.snapshot, events);
  }

  delta(events: eventWithTime[]): void {
    this.#sequence++;
    this.#put(KIND.delta, events);
  }

  volatile(event: eventWithTime): void {
    if (this.isDrained) this.#put(KIND.volatile, [event]);
  }

  #put(kind: Kind, events: eventWithTime[]): void {
    const epoch = this.#epoch;
    const sequence = this.#sequence;
    this.#last = this.#last
      .then(() => this.#deliver(kind, epoch, sequence, events))
      .catch((error) => console.warn("Baton: a frame was not sent", error));
  }

  async #deliver(
    kind: Kind,
    epoch: number,
    sequence: number,
    events: eventWithTime[],
  ): Promise<void> {
    if (epoch !== this.#epoch) return;
    const { bytes, compressed } = await pack(events);
    if (epoch !== this.#epoch) return;
    if (HEADER_BYTES + bytes.length > FRAME_BYTES[kind]) {
      // A frame's document comes in a delta, with each snapshot again: it stays blank then.
      const rest = events.filter((event) => !isFrame(event));
      if (rest.length < events.length) return this.#deliver(kind, epoch, sequence, rest);
      if (kind !== KIND.volatile) this.#host.oversize(kind);
      return;
    }
    if (kind === KIND.snapshot) this.#snapshotBytes = bytes.length;
    this.#host.send(encode({ kind, compressed, epoch, sequence }, bytes));
  }
}

/** Whether the event is the whole document of an iframe. */
export function isFrame(event: eventWithTime): event is eventWithTime & { data: mutationData } {
  return event.type === 3 && "isAttachIframe" in event.data;
}
