/**
 * One tab of a browser at a time is there for a visitor, and shows its page in a session.
 *
 * A tab that was duplicated, or opened by script, has a copy of the first one's sessionStorage: the
 * visitor who is invited, and the token of a session. Whoever holds the lock is there; the copies wait.
 *
 * Without Web Locks (a page without https, a browser that denies them) the newest connection wins, and
 * the node lets the older one stand by. The copy may then go on with a session that the visitor has
 * accepted in the first tab: all that a page could remember that by is copied with it.
 */

/** Who gets the lock within this time did not wait for another tab, but for its own last page. */
const PROMPT_MS = 1_000;
/** A tab that goes from page to page lets go of the lock for so long: copies must not jump in. */
const NAVIGATION_MS = 5_000;

/** Waits for the turn of who knows the secret; `waits` is called when that takes time. Ends with the signal. */
export async function takeTurn(
  secret: string,
  signal: AbortSignal,
  waits: () => void,
): Promise<boolean> {
  const { locks } = navigator;
  if (!locks) return true;
  const name = await nameOf(secret);
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
      // Where storage is denied locks are too, though they are there: then it is as without them.
      .catch(() => resolve(signal.aborted ? undefined : () => {}));
  });
}

/** Other scripts of the site can list locks: the name does not tell the secret. */
async function nameOf(secret: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(secret));
  return `baton-${btoa(String.fromCharCode(...new Uint8Array(digest)))}`;
}
