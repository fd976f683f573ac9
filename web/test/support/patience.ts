/** How long tests wait for what small, busy machines do slowly. What is not there by then does not come. */
export const PATIENCE_MS = 20_000;

/** For `expect.poll`, whose own patience is a second. */
export const POLL = { timeout: PATIENCE_MS, interval: 50 };
