/**
 * Makes the page visible to others: records it, masks it, sends it. Module `recorder.js`.
 *
 * What may have made the mirror wrong (a frame too large, a connection too slow, a fault of rrweb)
 * has one answer: nothing is sent until it is over, then an epoch begins by a snapshot. It reaches
 * every viewer, where one of the same epoch reaches only those who wait for it.
 */
import { record } from "@rrweb/record";
import type { eventWithTime, mutationData } from "@rrweb/types";
import type { Recorder, RecorderHost } from "../visitor/parts.ts";
import { KIND, type Kind } from "../wire/frame.ts";
import { Batch } from "./batch.ts";
import { BLOCKED, MASKED, Privacy } from "./masking.ts";
import { EVENT, Gate, isMove } from "./masking-events.ts";
import { Place } from "./place.ts";
import { Recording } from "./recording.ts";
import { isFrame, Stream } from "./stream.ts";

/** How often a pause looks whether it is over. */
const LOOK_MS = 100;
/** At least so long from one snapshot for everybody to the next; after trouble longer each time. */
const PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 15_000;
/** Attributes of the site's own that change what is private. */
const MARKS = ["data-baton-mask", "data-baton-unmask", "data-baton-block"];

export function startRecorder(host: RecorderHost): Recorder {
  return new PageRecorder(host);
}

class PageRecorder implements Recorder {
  readonly #privacy: Privacy;
  readonly #gate: Gate;
  readonly #stream: Stream;
  readonly #batch = new Batch((events) => this.#deliver(events));
  readonly #recording: Recording;
  readonly #place: Place;
  readonly #marks = new MutationObserver(() => this.#pause(PAUSE_MS));
  readonly #roots = new WeakMap<Document, Element>();
  #meta: eventWithTime[] = [];
  /** A snapshot was taken: before that there is nothing to take one of. */
  #isShown = false;
  #isTooLarge = false;
  #isWarned = false;
  /** rrweb has to begin anew. */
  #isBroken = false;
  #isStopped = false;
  /** Runs while nothing is sent. */
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Until a page that is too large is tried again. */
  #next: ReturnType<typeof setTimeout> | undefined;
  #shownAt = 0;
  #troubles = 0;

  constructor(host: RecorderHost) {
    this.#privacy = new Privacy(host.options);
    this.#gate = new Gate(record.mirror, this.#privacy);
    this.#stream = new Stream(
      {
        send: (frame) => {
          if (!this.#isStopped) host.send(frame);
        },
        backlog: () => host.backlog(),
        oversize: (kind) => this.#oversize(kind),
      },
      host.epoch,
    );
    this.#recording = new Recording({
      emit: (event) => this.#emit(event),
      failed: () => this.#trouble(),
      block: this.#privacy.blockSelector,
      value: (field) => this.#privacy.value(field, this.#privacy.of(field)) ?? "",
    });
    this.#place = new Place(host);
    this.#marks.observe(document, { subtree: true, attributeFilter: MARKS });
    this.#place.tell();
    this.#recording.start(true);
  }

  snapshot(): void {
    // One is coming.
    if (!this.#isShown || this.#timer !== undefined) return;
    if (this.#isTooLarge) this.#pause(0);
    else this.#retake();
  }

  restart(epoch: number): void {
    this.#place.tell();
    this.#stream.begin(epoch);
    this.#show();
  }

  node(id: number): Node | undefined {
    const node = record.mirror.getNode(id);
    if (!node?.isConnected || this.#privacy.of(node) & (BLOCKED | MASKED)) return undefined;
    return node;
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    clearTimeout(this.#next);
    this.#marks.disconnect();
    this.#place.stop();
    this.#recording.stop();
    this.#batch.clear();
    this.#stream.begin();
    record.mirror.reset();
  }

  #emit(event: eventWithTime): void {
    if (this.#isStopped) return;
    try {
      const open = this.#gate.pass(event);
      if (open) this.#take(open);
    } catch {
      // What could not be looked through is not sent.
      this.#trouble();
    }
  }

  #take(event: eventWithTime): void {
    if (event.type === EVENT.meta) {
      this.#meta = [event];
    } else if (event.type === EVENT.full) {
      this.#isShown = true;
      this.#batch.flush();
      this.#stream.snapshot([...this.#meta, event]);
    } else if (this.#timer !== undefined) {
      return;
    } else if (this.#isTooLarge) {
      this.#retry();
    } else if (isMove(event)) {
      this.#stream.volatile(event);
    } else if (isFrame(event) && this.#isReplaced(event)) {
      this.#pause(PAUSE_MS);
    } else {
      // Scroll positions too: the last one lost would leave the mirror at the wrong place.
      this.#batch.add(event);
    }
  }

  /** A frame was written anew: a viewer that has its document would not look into it twice. */
  #isReplaced(event: eventWithTime & { data: mutationData }): boolean {
    const frame = record.mirror.getNode(event.data.adds[0]?.node.id ?? 0) as Document | null;
    if (!frame) return false;
    const before = this.#roots.get(frame);
    this.#roots.set(frame, frame.documentElement);
    return before !== undefined && before !== frame.documentElement;
  }

  #deliver(events: eventWithTime[]): void {
    if (this.#stream.isCongested) this.#trouble();
    else this.#stream.delta(events);
  }

  #oversize(kind: Kind): void {
    if (kind === KIND.snapshot && this.#gate.isLean) {
      this.#isTooLarge = true;
      this.#stream.begin();
      if (!this.#isWarned) {
        console.warn(
          "Baton: this page is too large to be shown. Mark large parts data-baton-block.",
        );
      }
      this.#isWarned = true;
      return;
    }
    if (kind === KIND.snapshot) {
      this.#gate.isLean = true;
      this.#isBroken = true;
      console.warn("Baton: a large page is shown without its images in data: URLs.");
    }
    this.#trouble();
  }

  /** Something changes: perhaps what was too large is gone, such as a dialog. Without a change, nothing is. */
  #retry(): void {
    this.#next ??= setTimeout(
      () => {
        this.#next = undefined;
        if (this.#isTooLarge) this.#pause(0);
      },
      this.#shownAt + LONGEST_PAUSE_MS - performance.now(),
    );
  }

  #trouble(): void {
    if (performance.now() - this.#shownAt > LONGEST_PAUSE_MS * 2) this.#troubles = 0;
    const pause = this.#troubles++ === 0 ? 0 : PAUSE_MS * 2 ** (this.#troubles - 2);
    this.#pause(Math.min(pause, LONGEST_PAUSE_MS));
  }

  /** Sends nothing until so long after the last snapshot, and until nothing waits. */
  #pause(ms: number): void {
    if (this.#timer !== undefined || this.#isStopped) return;
    this.#batch.clear();
    this.#stream.begin();
    const look = () => {
      const isOver = performance.now() - this.#shownAt >= ms && this.#stream.isDrained;
      if (isOver) this.#show();
      else this.#timer = setTimeout(look, LOOK_MS);
    };
    this.#timer = setTimeout(look);
  }

  #show(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#batch.clear();
    if (!this.#isShown) return;
    this.#isTooLarge = false;
    this.#retake();
  }

  #retake(): void {
    this.#shownAt = performance.now();
    try {
      if (this.#isBroken) {
        this.#gate.forget();
        this.#recording.start(!this.#gate.isLean);
      } else {
        this.#recording.snapshot();
      }
      this.#isBroken = false;
    } catch {
      // rrweb is left in the middle of it: the next try begins anew.
      this.#isBroken = true;
      this.#trouble();
    }
  }
}
