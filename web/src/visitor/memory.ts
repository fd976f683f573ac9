/** What a page leaves to the next page of the same tab. */

/** The node's signed name for this visitor. */
const VISITOR = "visitor";
/** Chosen by the first page of the tab; a copy of the tab has it too. */
const TAB = "tab";
/** The token of the session that the page shows itself in. */
const SESSION = "session";
/** The last session that the visitor has ended, or declined. */
const OVER = "over";
/** Where the session is, if that is not where the script came from. */
const BASE = "base";

/** sessionStorage; where the browser denies it, the page remembers by itself and the next one begins anew. */
export class Memory {
  readonly #prefix: string;
  readonly #own = new Map<string, string>();

  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  get visitor(): string | undefined {
    return this.#get(VISITOR);
  }

  set visitor(token: string | undefined) {
    this.#set(VISITOR, token);
  }

  /** Tells this tab, and the copies of it, from all others. */
  get tab(): string {
    const known = this.#get(TAB);
    if (known !== undefined) return known;
    const chosen = `${Math.random()}${Date.now()}`;
    this.#set(TAB, chosen);
    return chosen;
  }

  get session(): string | undefined {
    return this.#get(SESSION);
  }

  set session(token: string | undefined) {
    this.#set(SESSION, token);
  }

  get over(): string | undefined {
    return this.#get(OVER);
  }

  set over(sessionToken: string | undefined) {
    this.#set(OVER, sessionToken);
  }

  get base(): string | undefined {
    return this.#get(BASE);
  }

  set base(url: string | undefined) {
    this.#set(BASE, url);
  }

  #get(name: string): string | undefined {
    try {
      const stored = sessionStorage.getItem(this.#prefix + name);
      if (stored !== null) return stored;
    } catch {
      // Denied: see below.
    }
    return this.#own.get(name);
  }

  #set(name: string, value: string | undefined): void {
    this.#own.delete(name);
    try {
      if (value === undefined) sessionStorage.removeItem(this.#prefix + name);
      else sessionStorage.setItem(this.#prefix + name, value);
    } catch {
      // Denied, or full.
      if (value !== undefined) this.#own.set(name, value);
    }
  }
}
