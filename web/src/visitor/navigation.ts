/** Tells when the page shows another address without being loaded anew. The page's own `history` stays as it is. */
import { pageUrl } from "./profile.ts";

/** Where nothing tells of `pushState`, somebody has to look. */
const LOOK_EVERY_MS = 1_000;
/** A node stores what it is told of pages, 2 a second: a map that writes its position into the path must not clog it. */
const SPACING_MS = 1_000;

/** Calls back at once with a change of path; with many in a row once in a while, and after the last one. */
export function watchAddress(changed: () => void, signal: AbortSignal): void {
  let told = pageUrl();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const look = () => {
    const url = pageUrl();
    if (signal.aborted || timer !== undefined || url === told) return;
    told = url;
    timer = setTimeout(() => {
      timer = undefined;
      look();
    }, SPACING_MS);
    changed();
  };
  // Not in every browser, nor in TypeScript's library yet.
  const { navigation } = window as { navigation?: EventTarget };
  if (navigation) {
    navigation.addEventListener("currententrychange", look, { signal });
  } else {
    addEventListener("popstate", look, { signal });
    const looking = setInterval(look, LOOK_EVERY_MS);
    signal.addEventListener("abort", () => clearInterval(looking));
  }
}
