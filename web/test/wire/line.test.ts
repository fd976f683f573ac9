/** The socket that stays: what it does when a network comes back, and when nobody answers. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Line } from "../../src/wire/line.ts";

/** A browser's socket, as far as a line looks at it. */
class Socket {
  static readonly CONNECTING = 0;
  static readonly OPEN = 1;
  static all: Socket[] = [];
  readyState = 0;
  onopen: () => void = () => {};
  onmessage: (event: { data: string }) => void = () => {};
  onclose: (event: { code: number; reason: string }) => void = () => {};
  isClosed = false;

  constructor() {
    Socket.all.push(this);
  }

  open(): void {
    this.readyState = Socket.OPEN;
    this.onopen();
  }

  /** The other side, or the network, has closed it. */
  drop(code = 1006): void {
    this.readyState = 3;
    this.onclose({ code, reason: "" });
  }

  /** An open one waits for the other side's close, which may never come. */
  close(): void {
    this.isClosed = true;
    if (this.readyState === Socket.CONNECTING) this.drop();
  }
}

let page: EventTarget;
let told: string[];
let line: Line<unknown, string>;

beforeEach(() => {
  vi.useFakeTimers();
  page = new EventTarget();
  told = [];
  Socket.all = [];
  vi.stubGlobal("WebSocket", Socket);
  vi.stubGlobal("addEventListener", page.addEventListener.bind(page));
  vi.stubGlobal("removeEventListener", page.removeEventListener.bind(page));
  vi.stubGlobal("fetch", () => new Promise(() => {}));
  line = new Line(() => "ws://baton.test/socket", {
    opened: () => told.push("opened"),
    said: (message) => told.push(message),
    dropped: () => told.push("dropped"),
    ended: () => told.push("ended"),
  });
});

afterEach(() => {
  line.close();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

function latest(): Socket {
  const socket = Socket.all.at(-1);
  if (!socket) throw new Error("no socket");
  return socket;
}

test("an open socket is not trusted when the network is back: nothing is heard of it any more", () => {
  const old = latest();
  old.open();
  page.dispatchEvent(new Event("online"));
  expect([told, old.isClosed, line.isOpen]).toEqual([["opened", "dropped"], true, false]);
  vi.advanceTimersByTime(0);
  expect(Socket.all).toHaveLength(2);
  latest().open();
  old.onmessage({ data: '"late"' });
  old.drop(4002);
  latest().onmessage({ data: '"new"' });
  expect(told).toEqual(["opened", "dropped", "opened", "new"]);
});

test("a page that was kept connects anew; one that is shown first does not", () => {
  latest().open();
  page.dispatchEvent(Object.assign(new Event("pageshow"), { persisted: false }));
  vi.advanceTimersByTime(0);
  expect(Socket.all).toHaveLength(1);
  page.dispatchEvent(Object.assign(new Event("pageshow"), { persisted: true }));
  vi.advanceTimersByTime(0);
  expect(Socket.all).toHaveLength(2);
});

test("a network that comes back twice makes one connection", () => {
  latest().open();
  page.dispatchEvent(new Event("online"));
  page.dispatchEvent(new Event("online"));
  vi.advanceTimersByTime(60_000);
  // The second one was never answered: it was given up, and what refuses it is asked.
  expect(Socket.all).toHaveLength(2);
});

test("a line that was closed stays closed", () => {
  latest().open();
  line.close();
  page.dispatchEvent(new Event("online"));
  vi.advanceTimersByTime(60_000);
  expect([Socket.all.length, told]).toEqual([1, ["opened"]]);
});

test("a handshake and the question for its refusal are both given up in time", async () => {
  const asked = vi.fn((_url: string, { signal }: { signal: AbortSignal }) => {
    return new Promise((_, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason));
    });
  });
  const stop = new AbortController();
  const limits = vi.spyOn(AbortSignal, "timeout").mockReturnValue(stop.signal);
  vi.stubGlobal("fetch", asked);
  vi.advanceTimersByTime(9_999);
  expect(latest().isClosed).toBe(false);
  vi.advanceTimersByTime(1);
  expect([latest().isClosed, asked.mock.calls.length]).toEqual([true, 1]);
  expect(limits).toHaveBeenCalledWith(5_000);
  stop.abort();
  await vi.advanceTimersByTimeAsync(300);
  expect([told, Socket.all.length]).toEqual([["dropped"], 2]);
  limits.mockRestore();
});

test("a socket that opened in time stays open", () => {
  latest().open();
  vi.advanceTimersByTime(60_000);
  expect([latest().isClosed, told]).toEqual([false, ["opened"]]);
});
