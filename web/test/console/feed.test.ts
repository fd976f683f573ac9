/** How the console keeps the events coming. */
import { setImmediate } from "node:timers/promises";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Admin } from "../../src/console/api.ts";
import { Feed, type Listener } from "../../src/console/feed.ts";

/** A node whose connections are played by the test. */
class Node extends Admin {
  readonly connections: ReadableStreamDefaultController<Uint8Array>[] = [];

  override async events(): Promise<Response> {
    const body = new ReadableStream<Uint8Array>({
      start: (connection) => void this.connections.push(connection),
    });
    return new Response(body);
  }

  tell(event: string, data: object): void {
    const text = `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
    this.connections.at(-1)?.enqueue(new TextEncoder().encode(text));
  }
}

const told = {
  nodes: vi.fn(),
  activity: vi.fn(),
  missed: vi.fn(),
  connected: vi.fn(),
  disconnected: vi.fn(),
} satisfies Listener;

let node: Node;
let feed: Feed;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date", "performance"] });
  // The shortest pause: half of the wait.
  vi.spyOn(Math, "random").mockReturnValue(0);
  node = new Node();
  feed = new Feed(node, told);
  feed.start();
});

afterEach(() => {
  feed.stop();
  vi.useRealTimers();
  vi.restoreAllMocks();
  vi.resetAllMocks();
});

/** Waits until it was called so often; the time of the test stands still meanwhile. */
async function called(mock: { mock: { calls: unknown[] } }, times: number): Promise<void> {
  while (mock.mock.calls.length < times) await setImmediate();
}

/** Tells of the nodes, so long after the connection, and hangs up. How long the feed then waits. */
async function hangUp(number: number, afterMs: number): Promise<number> {
  await called(told.connected, number);
  vi.advanceTimersByTime(afterMs);
  node.tell("nodes", {});
  await called(told.nodes, number);
  node.connections.at(-1)?.close();
  await called(told.disconnected, number);
  const pause = Number(told.disconnected.mock.lastCall?.[0]) - Date.now();
  await vi.advanceTimersByTimeAsync(pause);
  return pause;
}

test("what fails to be shown is said, and the connection goes on", async () => {
  const said = vi.spyOn(console, "error").mockReturnValue();
  const fault = new Error("not to be shown");
  told.nodes.mockImplementation(() => {
    throw fault;
  });
  await called(told.connected, 1);
  node.tell("nodes", {});
  node.tell("missed", { count: 3 });
  await called(told.missed, 1);
  expect(told.missed).toHaveBeenCalledWith(3);
  expect(said).toHaveBeenCalledWith(expect.any(String), fault);
  expect(told.disconnected).not.toHaveBeenCalled();
  expect(node.connections.length).toBe(1);
});

test("only a connection that lasted makes the next wait short again", async () => {
  expect([await hangUp(1, 0), await hangUp(2, 0), await hangUp(3, 0)]).toEqual([250, 500, 1000]);
  expect([await hangUp(4, 6000), await hangUp(5, 0)]).toEqual([250, 500]);
});
