/**
 * One tab of a browser at a time shows its page in a session.
 *
 * A tab that was duplicated, or opened by script, has a copy of the first one's sessionStorage, token
 * included. Whoever holds the lock shows; the copies wait. Without Web Locks (a page without https)
 * the newest connection wins, and the node closes the older one with 4002.
 */

/** Who gets the lock within this time did not wait for another tab, but for its own last page. */
const PROMPT_MS = 1_000;
/** A tab that goes from page to page lets go of the lock for so long: copies must not jump in. */
const NAVIGATION_MS = 5_000;

/** Waits for the turn; `waits` is called when that takes time. Ends the turn by the signal. */
export async function takeTurn(
  token: string,
  signal: AbortSignal,
  waits: () => void,
): Promise<boolean> {
  const { locks } = navigator;
  if (!locks) return true;
  const name = await nameOf(token);
  while (!signal.aborted) {
    const slow = setTimeout(waits, PROMPT_MS);
    const askedAt = performance.now();
    const release = await acquire(locks, name, signal);
    clearTimeout(slow);
    if (release && !signal.aborted && performance.now() - askedAt < PROMPT_MS) {
      signal.addEventListener("abort", release);
      return true;
    }
    release?.();
    await new Promise((resolve) => setTimeout(resolve, NAVIGATION_MS));
  }
  return false;
}

/** What gives the lock back; undefined where the signal came first. */
function acquire(
  locks: LockManager,
  name: string,
  signal: AbortSignal,
): Promise<(() => void) | undefined> {
  return new Promise((resolve) => {
    locks
      .request(name, { signal }, () => new Promise<void>((release) => resolve(release)))
      .catch(() => resolve(undefined));
  });
}

/** Other scripts of the site can list locks: the name does not tell the token. */
async function nameOf(token: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(token));
  return `baton-${btoa(String.fromCharCode(...new Uint8Array(digest)))}`;
}
