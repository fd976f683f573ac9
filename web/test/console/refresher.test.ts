/** How often the console asks. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Refresher } from "../../src/console/refresher.ts";

interface Call {
  signal: AbortSignal;
  answer: () => void;
}

let calls: Call[];
let refresher: Refresher;

beforeEach(() => {
  vi.useFakeTimers();
  calls = [];
  refresher = new Refresher(
    (signal) => new Promise((answer) => void calls.push({ signal, answer })),
  );
});

afterEach(() => {
  refresher.stop();
  vi.useRealTimers();
});

test("a burst is asked for once, and does not put it off", async () => {
  for (let at = 0; at < 300; at += 10) {
    refresher.soon();
    await vi.advanceTimersByTimeAsync(10);
  }
  expect(calls.length).toBe(1);
});

test("while a call is in flight no other is made, and one follows it", async () => {
  refresher.now();
  for (let second = 0; second < 5; second += 1) {
    refresher.now();
    refresher.soon();
    await vi.advanceTimersByTimeAsync(1000);
  }
  expect(calls.length).toBe(1);
  calls[0]?.answer();
  await vi.advanceTimersByTimeAsync(1000);
  expect(calls.length).toBe(2);
  calls[1]?.answer();
  await vi.advanceTimersByTimeAsync(1000);
  expect(calls.length).toBe(2);
});

test("what else is looked at is asked for at once, and the answer of before is of no use", async () => {
  refresher.now();
  refresher.anew();
  expect(calls.map(({ signal }) => signal.aborted)).toEqual([true, false]);
  // Late, it does not count as the answer of the call in flight.
  calls[0]?.answer();
  await vi.advanceTimersByTimeAsync(1000);
  refresher.now();
  expect(calls.length).toBe(2);
  refresher.stop();
  expect(calls[1]?.signal.aborted).toBe(true);
  calls[1]?.answer();
  await vi.advanceTimersByTimeAsync(1000);
  expect(calls.length).toBe(2);
});
