/** The DRISC side of the player package: what stands between it and Baton, and decides nothing. */
import { describe, expect, test, vi } from "vitest";
import { ADMITTED, heard, playing, server, session, settle, startedWith } from "./drisc-bench.ts";
import { type Asked, problem, type Reply } from "./fake-server.ts";
import { FakeSocket } from "./fake-socket.ts";

/** What is answered in Baton's place. */
const FOREIGN: [string, () => Response][] = [
  ["a balancer's 404", () => new Response("no route", { status: 404 })],
  ["a firewall's 403", () => new Response("<h1>Forbidden</h1>", { status: 403 })],
  ["a page of maintenance", () => new Response("<h1>Back soon</h1>")],
  ["JSON of something else", () => Response.json({ ok: true })],
];

/** Every session is given and every socket refused; the probe is answered so. */
function noUpgrades(probe: () => Reply): (asked: Asked) => Reply {
  return ({ method }) => (method === "GET" ? probe() : Response.json(ADMITTED));
}

/** Lets time pass in which no socket opens. */
async function refuseSockets(ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 100) {
    for (const socket of FakeSocket.all) if (socket.readyState === 0) socket.end(1006);
    await vi.advanceTimersByTimeAsync(100);
  }
}

describe("an answer that is not Baton's", () => {
  test.each(FOREIGN)("%s keeps no film from starting", async (_, reply) => {
    const { made, state } = await startedWith(reply);
    await vi.advanceTimersByTimeAsync(7999);
    expect(state()).toBeUndefined();
    await vi.advanceTimersByTimeAsync(1);
    expect(state()).toMatchObject({ status: "untracked", error: { code: "Unreachable" } });

    server.replies(() => Response.json(ADMITTED));
    await vi.advanceTimersByTimeAsync(30_000);
    FakeSocket.last.open();
    FakeSocket.last.hear({ action: "OK" });
    expect(made.state.status).toBe("playing");
  });

  test.each(FOREIGN)("%s stops no film whose session expired", async (_, reply) => {
    const made = await playing();
    server.replies(reply);
    FakeSocket.last.hear({ action: "EXPIRED" });
    await vi.advanceTimersByTimeAsync(600_000);
    expect(made.state).toMatchObject({ status: "untracked", reason: "unavailable" });
    expect(made.mayPlay).toBe(true);
  });

  test.each(FOREIGN)("under “stop”, %s lets nothing start", async (_, reply) => {
    const { state } = await startedWith(reply, { onUnavailable: "stop" });
    await vi.advanceTimersByTimeAsync(8000);
    expect(state()).toMatchObject({ status: "failed", error: { code: "Unreachable" } });
  });

  test("what lists rejects as if nobody had answered", async () => {
    server.replies(() => new Response("", { status: 404 }));
    const error = { code: "Unreachable", status: 404, isTransient: true };
    await expect(session().sessions()).rejects.toMatchObject(error);
  });
});

describe("a balancer that passes no upgrades", () => {
  test.each([401, 403, 404, 410])("and answers %i does not speak for Baton", async (status) => {
    server.replies(noUpgrades(() => new Response("", { status })));
    const made = session();
    void made.start();
    await refuseSockets(8000);
    expect(made.state).toMatchObject({ status: "untracked", reason: "unavailable" });
    expect(server.by("POST")).toHaveLength(1);
    expect(FakeSocket.all.length).toBeLessThan(7);
  });

  test("a probe that hangs is given up, and the endpoint tried again", async () => {
    await playing();
    vi.stubGlobal("fetch", (_: string, { signal }: RequestInit) => {
      return new Promise((_, reject) => {
        signal?.addEventListener("abort", () => reject(new Error("aborted")));
      });
    });
    FakeSocket.last.end(1006);
    await vi.advanceTimersByTimeAsync(500);
    FakeSocket.last.end(1006);
    await vi.advanceTimersByTimeAsync(5000 + 999);
    expect(FakeSocket.all).toHaveLength(2);
    await vi.advanceTimersByTimeAsync(1);
    expect(FakeSocket.all).toHaveLength(3);
  });
});

describe("sessions that are over before they play", () => {
  const gone = noUpgrades(() => problem(404, "NoSuchSession"));

  test("are asked for a few times, with pauses, and given up", async () => {
    server.replies(gone);
    const made = session();
    void made.start();
    await refuseSockets(2000);
    expect(server.by("POST")).toHaveLength(2);
    await refuseSockets(600_000);
    expect(made.state).toMatchObject({ status: "failed", error: { code: "Expiring" } });
    expect(server.by("POST")).toHaveLength(4);
    expect(heard).toEqual(expect.arrayContaining(["expired", "error"]));
  });

  test("do not begin the viewer's wait anew", async () => {
    server.replies(() => Response.json(ADMITTED));
    const made = session({ patienceMs: 3000 });
    void made.start();
    await vi.advanceTimersByTimeAsync(2000);
    FakeSocket.last.hear({ action: "EXPIRED" });
    await vi.advanceTimersByTimeAsync(999);
    expect(made.state).toEqual({ status: "requesting", renewing: false });
    await vi.advanceTimersByTimeAsync(1);
    expect(made.state).toMatchObject({ status: "untracked", reason: "unavailable" });
  });

  test("leave who plays uncounted as it is, until one is counted", async () => {
    server.replies(() => Response.json(ADMITTED));
    const made = session();
    void made.start();
    await vi.advanceTimersByTimeAsync(8000);
    FakeSocket.last.hear({ action: "EXPIRED" });
    expect(made.state.status).toBe("untracked");
    await settle();
    expect(server.by("POST")).toHaveLength(2);
    FakeSocket.last.open();
    FakeSocket.last.hear({ action: "OK" });
    expect(made.state.status).toBe("playing");
  });

  test("are not asked for again once the viewer stopped", async () => {
    server.replies(gone);
    const made = session();
    void made.start();
    await refuseSockets(1000);
    await made.stop();
    await refuseSockets(600_000);
    expect(server.by("POST")).toHaveLength(2);
    expect(made.state).toEqual({ status: "stopped" });
  });
});
