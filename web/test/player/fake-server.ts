/** Answers `fetch` as the test says, and remembers what was asked. */
import { vi } from "vitest";

/** A request as the player made it. */
export interface Asked {
  method: string;
  path: string;
  headers: Record<string, string>;
  body: unknown;
  keepalive: boolean | undefined;
}

/** An answer; "down": there is none. */
export type Reply = Response | "down" | Promise<Response>;

export class FakeServer {
  readonly asked: Asked[] = [];
  #reply: (asked: Asked) => Reply = () => "down";

  constructor() {
    vi.stubGlobal("fetch", async (url: string, init: RequestInit = {}) => {
      const asked = {
        method: init.method ?? "GET",
        path: new URL(url).pathname,
        headers: (init.headers ?? {}) as Record<string, string>,
        body: typeof init.body === "string" ? JSON.parse(init.body) : undefined,
        keepalive: init.keepalive,
      };
      this.asked.push(asked);
      const reply = await this.#reply(asked);
      if (reply === "down") throw new TypeError("Failed to fetch");
      return reply;
    });
  }

  /** From now on. */
  replies(reply: (asked: Asked) => Reply): void {
    this.#reply = reply;
  }

  /** What was asked by this method. */
  by(method: string): Asked[] {
    return this.asked.filter((asked) => asked.method === method);
  }
}

/** A problem document of Baton's. */
export function problem(status: number, code: string, more: object = {}): Response {
  const body = { type: "urn:baton:problem:x", status, title: code, code, details: {}, ...more };
  return Response.json(body, { status });
}

/** A tab's storage. */
export function fakeStorage(): Pick<Storage, "getItem" | "setItem" | "removeItem"> & {
  all: Map<string, string>;
} {
  const all = new Map<string, string>();
  return {
    all,
    getItem: (key) => all.get(key) ?? null,
    setItem: (key, value) => void all.set(key, value),
    removeItem: (key) => void all.delete(key),
  };
}
