/** Tells when the page shows another address without being loaded anew. */

/** Where nothing tells of `pushState`, somebody has to look. */
const LOOK_EVERY_MS = 1_000;

/** Calls back at once with every change of path. The page's own `history` stays as it is. */
export function watchAddress(changed: () => void): void {
  let { pathname } = location;
  const look = () => {
    if (location.pathname === pathname) return;
    pathname = location.pathname;
    changed();
  };
  // Not in every browser, nor in TypeScript's library yet.
  const { navigation } = window as { navigation?: EventTarget };
  if (navigation) {
    navigation.addEventListener("currententrychange", look);
  } else {
    addEventListener("popstate", look);
    setInterval(look, LOOK_EVERY_MS);
  }
}
