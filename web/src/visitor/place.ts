/** Where the script came from, and whether it is to run there. */

/** The page that the visitor sees; frames of it that include the script too would take its session. */
export const isTopWindow = window === window.top;

/** The URL of the running script; undefined for a module. To be asked while the script starts. */
export function ownUrl(): string | undefined {
  const { currentScript } = document;
  return currentScript instanceof HTMLScriptElement ? currentScript.src : undefined;
}

/** Without the slash at its end. */
export function trimmed(url: string): string {
  return url.replace(/\/+$/, "");
}
