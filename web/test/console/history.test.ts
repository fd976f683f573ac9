/** What the console's charts make of what nodes tell. */
import { expect, test } from "vitest";
import type { Node } from "../../src/console/api.ts";
import { History, SPAN_S } from "../../src/console/history.ts";
import { bytes, count, latency, rate, span } from "../../src/console/words.ts";

/** A node that has created so many sessions at that time. */
function node(name: string, atS: number, creates: number, startedMs = 0, p99 = 0): Node {
  const since_start = {
    requests: 0,
    creates,
    refusals: 0,
    takeovers: 0,
    relay_frames: 0,
    relay_bytes: 0,
  };
  return {
    name,
    server_url: null,
    internal_url: "http://node.test/",
    version: "1",
    sockets: 3,
    draining: false,
    started_ms: startedMs,
    load: {
      at_ms: atS * 1000,
      ready: true,
      held_streams: 2,
      hosted_sessions: 0,
      visitors: 0,
      since_start,
      latency: { p50_us: 1, p95_us: 2, p99_us: p99 },
    },
  };
}

test("a rate is what a counter grew by between two readings of the node", () => {
  const history = new History();
  history.push([node("a", 100, 10)], 1);
  history.push([node("a", 102, 30)], 2);
  expect(history.total("creates")).toEqual([null, 10]);
});

test("a reading that arrives twice changes no rate", () => {
  const history = new History();
  history.push([node("a", 100, 10)], 1);
  history.push([node("a", 101, 15)], 2);
  history.push([node("a", 101, 15)], 3);
  history.push([node("a", 102, 15)], 4);
  expect(history.total("creates")).toEqual([null, 5, 5, 0]);
});

test("a node that started anew counts from zero", () => {
  const history = new History();
  history.push([node("a", 100, 1000)], 1);
  history.push([node("a", 102, 6, 101_000)], 2);
  history.push([node("a", 103, 7, 101_000)], 3);
  expect(history.total("creates")).toEqual([null, 3, 1]);
});

test("levels and rates add up, and of latency the slowest node's counts", () => {
  const history = new History();
  history.push([node("a", 100, 0, 0, 7), node("b", 50, 0, 0, 9)], 1);
  history.push([node("a", 101, 1, 0, 7), node("b", 51, 2, 0, 9)], 2);
  expect([history.newest("streams"), history.newest("creates"), history.newest("p99")]).toEqual([
    4, 3, 9,
  ]);
  expect(history.series("creates", "b")).toEqual([null, 2]);
  expect(history.names()).toEqual(["a", "b"]);
});

test("while the connection was away there is a gap and no line", () => {
  const history = new History();
  history.push([node("a", 100, 0)], 1);
  history.gap(2);
  history.gap(3);
  history.push([node("a", 103, 9)], 4);
  expect(history.total("streams")).toEqual([2, null, 2]);
  // A machine that slept told nobody.
  history.push([node("a", 200, 9)], 100);
  expect(history.total("streams")).toEqual([2, null, 2, null, 2]);
});

test("where the clock is set back, what is drawn goes on from there", () => {
  const history = new History();
  for (const at of [100, 101, 102]) history.push([node("a", at, 0)], at);
  // By a little: only what would be later than now is gone.
  history.push([node("a", 103, 7)], 101.5);
  expect(history.times()).toEqual([100, 101, 101.5]);
  expect(history.newest("creates")).toBe(7);
  // By an hour.
  history.push([node("a", 104, 16)], 40);
  history.push([node("a", 105, 16)], 41);
  expect(history.times()).toEqual([40, 41]);
  expect(history.total("creates")).toEqual([9, 0]);
  history.gap(40.5);
  expect(history.total("creates")).toEqual([9, null]);
});

test("a node of a release that tells no load has no numbers but its sockets", () => {
  const history = new History();
  const old = { ...node("a", 0, 0), load: null };
  history.push([old], 1);
  history.push([old], 2);
  expect([history.newest("sockets"), history.newest("streams"), history.newest("creates")]).toEqual(
    [3, null, null],
  );
});

test("no more is kept than is shown", () => {
  const history = new History();
  for (let at = 1; at < 3 * SPAN_S; at += 1) history.push([node("a", at, at)], at);
  expect(history.times().length).toBeLessThanOrEqual(SPAN_S + 6);
});

test("numbers are short enough to be read", () => {
  expect([count(9999), count(12_345), count(null)]).toEqual(["9,999", "12.3K", "–"]);
  expect([rate(0), rate(0.25), rate(42.4)]).toEqual(["0", "0.3", "42"]);
  expect([bytes(0), bytes(999), bytes(1500), bytes(99_999_999)]).toEqual([
    "0 B",
    "999 B",
    "1.5 kB",
    "100 MB",
  ]);
  expect([latency(250), latency(2500), latency(25_000), latency(2_500_000)]).toEqual([
    "250 µs",
    "2.5 ms",
    "25 ms",
    "2.5 s",
  ]);
  expect([span(400), span(61_000), span(90_061_000)]).toEqual(["0s", "1m 1s", "1d 1h"]);
});
