/** Waiting between tries. */

/** The first wait, before jitter. */
const BASE_MS = 500;
/** The longest wait, before jitter. */
const CAP_MS = 30_000;

/**
 * How long to wait before try `attempt` (from 0): doubled each time, and between half and all of that
 * at random, so that the players of a node that went away do not come back as one.
 */
export function backoff(attempt: number, random: () => number = Math.random): number {
  const most = Math.min(CAP_MS, BASE_MS * 2 ** Math.min(attempt, 16));
  return Math.round(most * (0.5 + random() / 2));
}

/**
 * Waits. A network that comes back ends the wait early, and so does a page that is seen again after
 * the time has passed: a sleeping device's timers stand still. Never rejects: who waited looks at the
 * signal.
 */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  const until = Date.now() + ms;
  return new Promise((resolve) => {
    const over = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", over);
      globalThis.removeEventListener?.("online", over);
      globalThis.document?.removeEventListener("visibilitychange", seen);
      resolve();
    };
    const seen = () => {
      if (Date.now() >= until) over();
    };
    const timer = setTimeout(over, ms);
    signal.addEventListener("abort", over);
    globalThis.addEventListener?.("online", over);
    globalThis.document?.addEventListener("visibilitychange", seen);
    if (signal.aborted) over();
  });
}
