/** Keeps forms from being sent by what an agent does, whatever the page makes of a click. */

/** Pages look at fields before they send them: what comes within this time, the agent has brought about. */
const HELD_MS = 1_000;
/** The visitor's own doing: from then on it is not known whose a submission is, so it is theirs. */
const OWN = ["pointerdown", "keydown", "touchstart"];

/** A `submit` does not leave the shadow root of its form, so each root around the target is watched. */
export class SubmitBan {
  #hold: AbortController | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** From now on, until it is over or the visitor does something. */
  hold(target: Element): void {
    this.lift();
    this.#hold = new AbortController();
    const options = { capture: true, signal: this.#hold.signal };
    for (const scope of new Set<EventTarget>([window, ...scopes(target)])) {
      scope.addEventListener("submit", refuse, options);
      for (const type of OWN) scope.addEventListener(type, (event) => this.#heard(event), options);
    }
    this.#timer = setTimeout(() => this.lift(), HELD_MS);
  }

  lift(): void {
    clearTimeout(this.#timer);
    this.#hold?.abort();
  }

  #heard({ isTrusted }: Event): void {
    if (isTrusted) this.lift();
  }
}

/** Nor do its own scripts send it. */
function refuse(event: Event): void {
  event.preventDefault();
  event.stopImmediatePropagation();
}

/** The roots that an element is in, out to its window. */
function scopes(target: Element): EventTarget[] {
  const root = target.getRootNode();
  // By its member and not by its class: frames have classes of their own.
  if ("host" in root) return [root, ...scopes(root.host as Element)];
  return [target.ownerDocument.defaultView ?? root];
}
