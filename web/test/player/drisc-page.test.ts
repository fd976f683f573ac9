/** The DRISC side of the player package: reloads, and what the page hears. */
import { describe, expect, test, vi } from "vitest";
import {
  ADMITTED,
  ENDPOINT,
  heard,
  KEY,
  playing,
  server,
  session,
  settle,
  storage,
  TV,
} from "./drisc-bench.ts";
import { problem } from "./fake-server.ts";
import { FakeSocket } from "./fake-socket.ts";

describe("reload", () => {
  test("the endpoint is kept, and resume goes back to it without asking", async () => {
    const before = await playing();
    before.dispose();
    const asked = server.asked.length;
    const made = session();
    const resumed = made.resume();
    await settle();
    expect(FakeSocket.all).toHaveLength(2);
    expect(FakeSocket.last.url).toBe(ENDPOINT);
    FakeSocket.last.open();
    FakeSocket.last.hear({ action: "OK" });
    expect(await resumed).toEqual({ status: "playing", sessionId: "s-1", connected: true });
    expect(server.asked).toHaveLength(asked);
  });

  test("a kept endpoint that is no address fails, and is forgotten", async () => {
    const refuses = class {
      constructor() {
        throw new SyntaxError("invalid url");
      }
    };
    vi.stubGlobal("WebSocket", refuses);
    storage.setItem(KEY, '{"endpoint":"nonsense"}');
    expect(await session().resume()).toMatchObject({
      status: "failed",
      error: { code: "Protocol" },
    });
    expect(storage.all.size).toBe(0);
  });

  test("nothing kept, nothing resumed", async () => {
    expect(await session().resume()).toBeUndefined();
    storage.setItem(KEY, "not JSON");
    expect(await session().resume()).toBeUndefined();
    expect(await session({ storage: null }).resume()).toBeUndefined();
  });

  test("with storage null nothing is kept", async () => {
    await playing({ storage: null });
    expect(storage.all.size).toBe(0);
  });

  test("a storage that throws is done without", async () => {
    const throws = () => {
      throw new Error("blocked");
    };
    const made = await playing({
      storage: { getItem: throws, setItem: throws, removeItem: throws },
    });
    expect(made.state.status).toBe("playing");
  });

  test("players of one tab are told apart by their keys", async () => {
    await playing({ storageKey: "left" });
    expect([...storage.all.keys()]).toEqual(["left"]);
  });
});

describe("listeners", () => {
  test.each(["change", "expired"] as const)("who stops on %s is not overridden", async (name) => {
    const made = await playing();
    made.on(name, () => {
      if (made.state.status === "requesting") void made.stop();
    });
    FakeSocket.last.hear({ action: "EXPIRED" });
    await vi.advanceTimersByTimeAsync(60_000);
    expect(made.state).toEqual({ status: "stopped" });
    expect(FakeSocket.all).toHaveLength(1);
  });

  test("a state that a listener of `change` has left is not announced any more", async () => {
    const details = { takeOverEnabled: true, activeSessions: [TV] };
    server.replies(({ path }) =>
      path === "/takeover" ? Response.json(ADMITTED) : problem(409, "x", { details }),
    );
    const made = session();
    made.on("change", ({ status }) => {
      if (status === "limited") void made.takeOver(TV.sessionId);
    });
    void made.start();
    await settle();
    expect(server.asked.map(({ path }) => path)).toEqual(["/sessions", "/takeover"]);
    expect(heard).toEqual([]);
  });

  test("who stops because of an error is not overridden", async () => {
    server.replies(() => "down");
    const made = session();
    made.on("error", () => void made.stop());
    void made.start();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(made.state).toEqual({ status: "stopped" });
  });

  test("a listener that throws harms nobody else, and is reported", async () => {
    const made = session();
    made.on("change", ({ status }) => {
      if (status === "failed") throw new Error("of the page");
    });
    server.replies(() => problem(401, "InvalidToken"));
    expect((await made.start()).status).toBe("failed");
    expect(heard).toEqual(["error"]);
    expect(() => vi.advanceTimersByTime(0)).toThrow("of the page");
  });

  test("no token is in what is told of the conversation", async () => {
    const lines: string[] = [];
    const made = session();
    made.on("wire", ({ direction, text }) => lines.push(`${direction} ${text}`));
    server.replies(() => Response.json(ADMITTED));
    void made.start();
    await settle();
    FakeSocket.last.open();
    FakeSocket.last.hear({ action: "OK" });
    FakeSocket.last.end(1006);
    expect(lines).toEqual([
      "sent POST /sessions",
      "received HTTP 200",
      'sent {"action":"REQUESTED"}',
      'received {"action":"OK"}',
      "received socket closed (1006)",
    ]);
    expect(lines.join()).not.toContain("secret");
  });

  test("on() gives the way to stop listening", async () => {
    const made = session();
    const states: string[] = [];
    const off = made.on("change", ({ status }) => states.push(status));
    server.replies(() => problem(401, "InvalidToken"));
    await made.start();
    off();
    await made.start();
    expect(states).toEqual(["requesting", "failed"]);
  });

  test("a listener that asks for something else is heard before others go on", async () => {
    const details = { takeOverEnabled: true, activeSessions: [TV] };
    const made = session();
    server.replies(({ path }) =>
      path === "/takeover" ? Response.json(ADMITTED) : problem(409, "x", { details }),
    );
    made.on("limited", ({ sessions: [first] }) => void made.takeOver(first?.sessionId ?? ""));
    const started = made.start();
    await settle();
    FakeSocket.last.open();
    FakeSocket.last.hear({ action: "OK" });
    expect((await started).status).toBe("playing");
  });
});
