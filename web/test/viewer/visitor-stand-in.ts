/**
 * A visitor's page without the visitor script: speaks its socket as a test tells it to, by hand or with
 * rrweb's own recorder. Bundled by `visitor.ts` and run in a real page, as `window.standIn`.
 */
import { record } from "@rrweb/record";
import { encode, KIND, type Kind } from "../../src/wire/frame.ts";
import { Line } from "../../src/wire/line.ts";
import type { FromVisitor, ToVisitor } from "../../src/wire/messages.ts";
import { pack } from "../../src/wire/packing.ts";

class StandIn {
  readonly heard: ToVisitor[] = [];
  #line: Line<FromVisitor, ToVisitor> | undefined;
  #visitorToken: string | undefined;
  epoch = 0;
  sequence = 0;
  #chain = Promise.resolve();
  #stop: (() => void) | undefined;

  connect(origin: string, uniqueId: string): void {
    const url = `${origin.replace(/^http/, "ws")}/cobrowse/socket/visitor`;
    this.#line = new Line<FromVisitor, ToVisitor>(() => url, {
      opened: () => {
        const visitorToken = this.#visitorToken;
        this.say({
          type: "hello",
          protocol: 1,
          visitor: { uniqueId },
          ...(visitorToken ? { visitorToken } : {}),
        });
      },
      said: (message) => {
        this.heard.push(message);
        if (message.type === "welcome") this.#visitorToken = message.visitorToken;
      },
      dropped: () => {},
      ended: () => {},
    });
  }

  /** Goes away, as a page that is closed. */
  leave(): void {
    this.#line?.close();
  }

  say(message: FromVisitor): void {
    this.#line?.say(message);
  }

  last<Type extends ToVisitor["type"]>(type: Type): Extract<ToVisitor, { type: Type }> | undefined {
    const found = this.heard.filter((message) => message.type === type).at(-1);
    return found as Extract<ToVisitor, { type: Type }> | undefined;
  }

  /** Sends events as one frame, in the order of the calls. */
  send(kind: Kind, events: unknown[], at = { epoch: this.epoch, sequence: this.sequence }): void {
    const { epoch, sequence } = at;
    this.#chain = this.#chain.then(async () => {
      const { bytes, compressed } = await pack(events as never);
      this.#line?.show(encode({ kind, compressed, epoch, sequence }, bytes));
    });
  }

  /** Begins a new epoch with the snapshot of a document. */
  snapshot(node: unknown, size: { width: number; height: number }): void {
    this.epoch = Math.max(this.epoch, this.last("session")?.epoch ?? 0) + 1;
    this.sequence = 0;
    this.say({ type: "viewport", ...size });
    this.send(KIND.snapshot, snapshotEvents(node, size));
  }

  /** The same page once more, as of the last delta. */
  again(node: unknown, size: { width: number; height: number }): void {
    this.send(KIND.snapshot, snapshotEvents(node, size));
  }

  delta(...data: object[]): void {
    this.sequence += 1;
    this.send(KIND.delta, incremental(data));
  }

  volatile(...data: object[]): void {
    this.send(KIND.volatile, incremental(data));
  }

  /** Records the page that this script runs in, with clocks that are wrong by so much. */
  record(skewMs: number): void {
    this.epoch = Math.max(this.epoch, this.last("session")?.epoch ?? 0) + 1;
    this.sequence = 0;
    this.say({ type: "page", url: location.href });
    this.say({ type: "viewport", width: innerWidth, height: innerHeight });
    let waiting: unknown[] = [];
    const stop = record({
      emit: (event) => {
        const shifted = { ...event, timestamp: event.timestamp + skewMs };
        if (event.type === 4) waiting = [shifted];
        else if (event.type === 2) this.send(KIND.snapshot, [...waiting, shifted]);
        else if (event.type === 3) {
          this.sequence += 1;
          this.send(KIND.delta, [shifted]);
        }
      },
    });
    this.#stop = stop ?? undefined;
  }

  stopRecording(): void {
    this.#stop?.();
  }
}

function snapshotEvents(node: unknown, { width, height }: { width: number; height: number }) {
  const timestamp = Date.now();
  return [
    { type: 4, data: { href: location.href, width, height }, timestamp },
    { type: 2, data: { node, initialOffset: { left: 0, top: 0 } }, timestamp },
  ];
}

function incremental(data: object[]): unknown[] {
  return data.map((one) => ({ type: 3, data: one, timestamp: Date.now() }));
}

declare global {
  interface Window {
    standIn: StandIn;
  }
}

window.standIn = new StandIn();
