/** Calls Baton's HTTP interface; knows no dialect. */
import { BatonError, batonError } from "./error.ts";
import { members, parsed, text } from "./json.ts";
import type { CommonOptions, WireLine } from "./session.ts";

/** A server that has not answered by then is not going to. */
const DEADLINE_MS = 10_000;

/** A request. `keepalive`: it outlives the page. */
export interface Call {
  method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Below `server`, with its leading slash. */
  path: string;
  body?: object;
  contentType?: string;
  idempotencyKey?: string;
  keepalive?: boolean;
}

/** What came back, whatever its status. */
export interface Answer {
  status: number;
  body: Record<string, unknown>;
  retryAfterMs: number | undefined;
}

export class Http {
  readonly #server: string;
  readonly #token: CommonOptions["token"];
  readonly #say: (line: WireLine) => void;

  constructor(options: CommonOptions, say: (line: WireLine) => void) {
    this.#server = options.server.replace(/\/+$/, "");
    this.#token = options.token;
    this.#say = say;
  }

  /** Sends with a fresh token. Throws `Unreachable` or `TokenFailed`; every answer is an answer. */
  async send(call: Call): Promise<Answer> {
    const headers = await this.#headers(call);
    this.#say({ direction: "sent", text: `${call.method} ${call.path}` });
    const limit = new AbortController();
    const timer = setTimeout(() => limit.abort(), DEADLINE_MS);
    try {
      const response = await fetch(`${this.#server}${call.path}`, {
        method: call.method,
        headers,
        credentials: "omit",
        cache: "no-store",
        keepalive: call.keepalive === true,
        signal: limit.signal,
        ...(call.body ? { body: JSON.stringify(call.body) } : {}),
      });
      const body = members(parsed(await response.text()));
      const answer = { status: response.status, body, retryAfterMs: retryAfter(response.headers) };
      this.#say({ direction: "received", text: summary(answer) });
      return answer;
    } catch (cause) {
      this.#say({ direction: "received", text: "no answer" });
      throw new BatonError("Unreachable", "Baton cannot be reached.", { cause });
    } finally {
      clearTimeout(timer);
    }
  }

  async #headers(call: Call): Promise<Record<string, string>> {
    const headers: Record<string, string> = { Authorization: `Bearer ${await this.#freshToken()}` };
    if (call.body) headers["Content-Type"] = call.contentType ?? "application/json";
    if (call.idempotencyKey) headers["Idempotency-Key"] = call.idempotencyKey;
    return headers;
  }

  async #freshToken(): Promise<string> {
    try {
      return await this.#token();
    } catch (cause) {
      throw new BatonError("TokenFailed", "The token function failed.", { cause });
    }
  }
}

/**
 * The error that an answer is. One without `code` is not Baton's but a gateway's, a balancer's or a
 * portal's, whatever its status: nobody decided anything, so it is asked again.
 */
export function refusal(answer: Answer): BatonError {
  const { status, body, retryAfterMs } = answer;
  const code = text(body.code);
  if (code === undefined) {
    const message = `HTTP ${status} without a problem document.`;
    return new BatonError("Unreachable", message, { status, retryAfterMs });
  }
  const message = text(body.detail) ?? text(body.title) ?? `HTTP ${status}`;
  return new BatonError(code, message, { status, retryAfterMs });
}

/** Runs a call whose failures are its caller's; every other error becomes a `BatonError`. */
export async function orBatonError<T>(action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw batonError(error);
  }
}

/** `Retry-After` in seconds (RFC 9110 §10.2.3). Baton never sends a date. */
function retryAfter(headers: Headers): number | undefined {
  const seconds = Number.parseInt(headers.get("Retry-After") ?? "", 10);
  return Number.isNaN(seconds) ? undefined : seconds * 1000;
}

function summary({ status, body }: Answer): string {
  const code = text(body.code);
  return code ? `HTTP ${status} ${code}` : `HTTP ${status}`;
}
