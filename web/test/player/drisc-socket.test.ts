/** The DRISC side of the player package: the socket, and how a session ends. */
import { describe, expect, test, vi } from "vitest";
import {
  ADMITTED,
  ENDPOINT,
  heard,
  playing,
  server,
  session,
  settle,
  startedWith,
  storage,
} from "./drisc-bench.ts";
import { problem } from "./fake-server.ts";
import { FakeSocket } from "./fake-socket.ts";

describe("the socket", () => {
  test("PING is answered at once", async () => {
    await playing();
    FakeSocket.last.hear({ action: "PING" });
    expect(FakeSocket.last.sent.at(-1)).toBe('{"action":"PONG"}');
  });

  test.each([1001, 1006, 1011, 4500, 4501])(
    "after %i it comes back to the endpoint",
    async (code) => {
      const made = await playing();
      FakeSocket.last.end(code);
      expect(made.state).toEqual({ status: "playing", sessionId: "s-1", connected: false });
      expect(made.mayPlay).toBe(true);
      await vi.advanceTimersByTimeAsync(499);
      expect(FakeSocket.all).toHaveLength(1);
      await vi.advanceTimersByTimeAsync(1);
      expect(FakeSocket.all).toHaveLength(2);
      expect(FakeSocket.last.url).toBe(ENDPOINT);
      FakeSocket.last.open();
      FakeSocket.last.hear({ action: "OK" });
      expect(made.state).toEqual({ status: "playing", sessionId: "s-1", connected: true });
      expect(heard).toEqual(["playing", "reconnecting", "reconnected"]);
      expect(server.by("POST")).toHaveLength(1);
    },
  );

  test.each([
    [4001, { status: "takenOver", by: "" }],
    [4002, { status: "terminated", reason: "replaced" }],
    [4003, { status: "terminated", reason: "ended" }],
    [4006, { status: "failed" }],
    [4008, { status: "failed" }],
    [4444, { status: "failed" }],
    [1003, { status: "failed" }],
  ])("after %i it does not", async (code, state) => {
    const made = await playing();
    FakeSocket.last.end(code);
    expect(made.state).toMatchObject(state);
    expect(made.mayPlay).toBe(false);
    await vi.advanceTimersByTimeAsync(600_000);
    expect(FakeSocket.all).toHaveLength(1);
    expect(server.asked).toHaveLength(1);
    expect(storage.all.size).toBe(0);
  });

  test("the waits double, up to half a minute", async () => {
    const made = await playing();
    const delays: number[] = [];
    made.on("reconnecting", ({ delayMs }) => delays.push(delayMs));
    for (let tries = 0; tries < 9; tries += 1) {
      FakeSocket.last.end(1006);
      await vi.advanceTimersByTimeAsync(30_000);
    }
    expect(delays.slice(0, 9)).toEqual([
      500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000,
    ]);
  });

  test("a network that comes back reconnects at once", async () => {
    await playing();
    FakeSocket.last.end(1006);
    await settle();
    dispatchEvent(new Event("online"));
    await settle();
    expect(FakeSocket.all).toHaveLength(2);
  });

  test("a connection that died unseen is found out after a change of networks", async () => {
    await playing();
    const dead = FakeSocket.last;
    dispatchEvent(new Event("online"));
    expect(dead.sent).toEqual(['{"action":"REQUESTED"}', '{"action":"REQUESTED"}']);
    await vi.advanceTimersByTimeAsync(5000 + 500);
    expect(dead.closedByClient).toBe(true);
    expect(FakeSocket.all).toHaveLength(2);
  });

  test("a living connection stays after a change of networks", async () => {
    await playing();
    dispatchEvent(new Event("online"));
    FakeSocket.last.hear({ action: "OK" });
    await vi.advanceTimersByTimeAsync(60_000);
    expect(FakeSocket.all).toHaveLength(1);
    expect(heard).toEqual(["playing"]);
  });

  test("a socket that does not open is given up", async () => {
    await startedWith(() => Response.json(ADMITTED));
    await vi.advanceTimersByTimeAsync(10_000 + 500);
    expect(FakeSocket.all[0]?.closedByClient).toBe(true);
    expect(FakeSocket.all).toHaveLength(2);
  });

  test("under “stop”, a connection lost for long ends the stream", async () => {
    const made = await playing({ onUnavailable: "stop" });
    FakeSocket.last.end(1006);
    await vi.advanceTimersByTimeAsync(29_999);
    expect(made.mayPlay).toBe(true);
    await vi.advanceTimersByTimeAsync(1);
    expect(made.state).toMatchObject({ status: "failed" });
    const sockets = FakeSocket.all.length;
    await vi.advanceTimersByTimeAsync(600_000);
    expect(FakeSocket.all).toHaveLength(sockets);
  });

  test("an endpoint of a node that knows it no more is given up for a new session", async () => {
    const made = await playing();
    server.replies(({ method }) =>
      method === "GET" ? problem(401, "InvalidToken") : Response.json(ADMITTED),
    );
    FakeSocket.last.end(1006);
    await vi.advanceTimersByTimeAsync(500);
    FakeSocket.last.end(1006);
    await settle();
    expect(heard).toContain("expired");
    expect(server.by("POST")).toHaveLength(2);
    expect(made.mayPlay).toBe(true);
  });

  test.each(["WELCOME", "not JSON"])("%s is not part of the protocol", async (message) => {
    const made = await playing();
    FakeSocket.last.hear(message === "WELCOME" ? { action: message } : message);
    expect(made.state).toMatchObject({ status: "failed", error: { code: "Protocol" } });
  });
});

describe("how it ends", () => {
  test("TAKE_OVER names who plays now", async () => {
    const made = await playing();
    FakeSocket.last.hear({ action: "TAKE_OVER", sessionName: "Hotel laptop" });
    FakeSocket.last.end(4001);
    expect(made.state).toEqual({ status: "takenOver", by: "Hotel laptop" });
    expect(heard).toEqual(["playing", "takenOver"]);
  });

  test.each([
    [4002, "replaced"],
    [4003, "ended"],
  ])("TERMINATE is explained by close code %i", async (code, reason) => {
    const made = await playing();
    FakeSocket.last.hear({ action: "TERMINATE" });
    FakeSocket.last.end(code);
    expect(made.state).toEqual({ status: "terminated", reason });
  });

  test("TERMINATE without a close ends it, too", async () => {
    const made = await playing();
    FakeSocket.last.hear({ action: "TERMINATE" });
    await vi.advanceTimersByTimeAsync(2000);
    expect(made.state).toEqual({ status: "terminated", reason: "unknown" });
  });

  test("after EXPIRED a new session is asked for while the film goes on", async () => {
    const made = await playing();
    FakeSocket.last.hear({ action: "EXPIRED" });
    FakeSocket.last.end(4004);
    expect(made.state).toEqual({ status: "requesting", renewing: true });
    expect(made.mayPlay).toBe(true);
    await settle();
    FakeSocket.last.open();
    FakeSocket.last.hear({ action: "OK" });
    expect(made.state.status).toBe("playing");
    expect(heard).toEqual(["playing", "expired", "playing"]);
  });

  test("sessions that expire at once are given up", async () => {
    const made = await playing();
    for (const restMs of [0, 2000, 4000, 0]) {
      FakeSocket.last.hear({ action: "EXPIRED" });
      await vi.advanceTimersByTimeAsync(restMs);
    }
    expect(made.state).toMatchObject({ status: "failed", error: { code: "Expiring" } });
    expect(server.by("POST")).toHaveLength(4);
  });

  test("the second successor in a row is not asked for at once", async () => {
    const made = await playing();
    FakeSocket.last.hear({ action: "EXPIRED" });
    await settle();
    FakeSocket.last.hear({ action: "EXPIRED" });
    await vi.advanceTimersByTimeAsync(1999);
    expect(server.by("POST")).toHaveLength(2);
    expect(made.mayPlay).toBe(true);
    await vi.advanceTimersByTimeAsync(1);
    expect(server.by("POST")).toHaveLength(3);
  });

  test("successors that expire before they play are given up, also after a long film", async () => {
    const made = await playing();
    await vi.advanceTimersByTimeAsync(3_600_000);
    for (const restMs of [0, 2000, 4000, 0]) {
      FakeSocket.last.hear({ action: "EXPIRED" });
      await vi.advanceTimersByTimeAsync(restMs);
    }
    expect(made.state).toMatchObject({ status: "failed", error: { code: "Expiring" } });
    expect(server.by("POST")).toHaveLength(4);
  });

  test("sessions that last may expire any number of times", async () => {
    const made = await playing();
    for (let times = 0; times < 6; times += 1) {
      await vi.advanceTimersByTimeAsync(60_000);
      FakeSocket.last.hear({ action: "EXPIRED" });
      await settle();
      FakeSocket.last.open();
      FakeSocket.last.hear({ action: "OK" });
    }
    expect(made.state.status).toBe("playing");
  });

  test("stop says FINISHED and waits for the server's close", async () => {
    const made = await playing();
    const stopped = made.stop();
    expect(made.state).toEqual({ status: "stopped" });
    expect(FakeSocket.last.sent.at(-1)).toBe('{"action":"FINISHED"}');
    FakeSocket.last.end(4000);
    await stopped;
    expect(storage.all.size).toBe(0);
    expect(server.by("DELETE")).toEqual([]);
  });

  test("stop on a lost connection ends the session by HTTP", async () => {
    const made = await playing();
    FakeSocket.last.end(1006);
    await made.stop();
    expect(server.by("DELETE")).toMatchObject([{ path: "/sessions/s-1", keepalive: true }]);
    await vi.advanceTimersByTimeAsync(600_000);
    expect(FakeSocket.all).toHaveLength(1);
  });

  test("FINISHED that nobody confirms is said again by HTTP", async () => {
    const made = await playing();
    void made.stop();
    await vi.advanceTimersByTimeAsync(2000);
    expect(server.by("DELETE")).toHaveLength(1);
  });

  test("stop while it is asked gives the slot back", async () => {
    let answer: (response: Response) => void = () => {};
    server.replies(({ method }) =>
      method === "POST"
        ? new Promise<Response>((resolve) => {
            answer = resolve;
          })
        : new Response(null, { status: 204 }),
    );
    const made = session();
    const started = made.start();
    await settle();
    await made.stop();
    expect(await started).toEqual({ status: "stopped" });
    answer(Response.json(ADMITTED));
    await settle();
    expect(server.by("DELETE")).toMatchObject([{ path: "/sessions/s-1" }]);
    expect(FakeSocket.all).toEqual([]);
    expect(made.state).toEqual({ status: "stopped" });
  });
});
