/** What goes wrong between a player and Baton, and what a refusal says. */

/** Codes of this package's own; all others are `code` of Baton's problem documents (its README). */
export type OwnCode =
  /** Nothing that speaks for Baton answered. */
  | "Unreachable"
  /** The `token` function failed. */
  | "TokenFailed"
  /** An answer or a message that is not part of the protocol. */
  | "Protocol"
  /** New sessions expire as soon as they are given. */
  | "Expiring";

/** Trouble with a session. Its message is for developers, and never holds a token. */
export class BatonError extends Error {
  override readonly name = "BatonError";
  /** `code` of the problem document, or one of `OwnCode`. */
  readonly code: OwnCode | (string & {});
  /** The HTTP status, where anything answered. */
  readonly status: number | undefined;
  /** Milliseconds after which the server wants to be asked again. */
  readonly retryAfterMs: number | undefined;

  constructor(
    code: OwnCode | (string & {}),
    message: string,
    more: { status?: number; retryAfterMs?: number | undefined; cause?: unknown } = {},
  ) {
    super(message, { cause: more.cause });
    this.code = code;
    this.status = more.status;
    this.retryAfterMs = more.retryAfterMs;
  }

  /**
   * Whether Baton itself answered so: with a problem document, and not something in its place.
   * @internal
   */
  get isBatons(): boolean {
    return this.status !== undefined && this.code !== "Unreachable";
  }

  /** Whether the same request may be answered differently a little later. */
  get isTransient(): boolean {
    if (this.code === "Unreachable" || this.code === "TokenFailed") return true;
    return this.status === 408 || this.status === 429 || (this.status ?? 0) >= 500;
  }
}

/**
 * Whatever was thrown, as an error of ours.
 * @internal
 */
export function batonError(thrown: unknown): BatonError {
  if (thrown instanceof BatonError) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new BatonError("Protocol", message, { cause: thrown });
}
