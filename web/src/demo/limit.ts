/** The dialog at the limit: what runs elsewhere, and which of it is to end. */
import { find, make } from "../page/elements.ts";
import type { ActiveSession, LimitedState } from "../player/index.ts";
import { kindOf } from "./devices.ts";
import { since } from "./words.ts";

export class LimitDialog {
  readonly #dialog = find(document, "#limit", HTMLDialogElement);
  readonly #detail = find(document, "#limit-detail", HTMLElement);
  readonly #sessions = find(document, "#sessions", HTMLUListElement);
  #device = "";

  constructor() {
    // A click on the backdrop is a click on the dialog itself: its content covers the rest.
    this.#dialog.addEventListener("click", ({ target, clientX, clientY }) => {
      if (target !== this.#dialog) return;
      const { left, right, top, bottom } = this.#dialog.getBoundingClientRect();
      const inside = clientX >= left && clientX <= right && clientY >= top && clientY <= bottom;
      if (!inside) this.#dialog.close();
    });
  }

  /** Asks the viewer of that device. */
  ask(device: string, limit: LimitedState, pick: (session: ActiveSession) => void): void {
    this.#device = device;
    this.#detail.textContent = limit.takeOverEnabled
      ? `Your account is playing elsewhere. Choose a stream to end, and watch on ${device} instead.`
      : `Your account is playing elsewhere. End a stream there to watch on ${device}.`;
    const rows = limit.sessions.map((session) => this.#row(session, limit.takeOverEnabled, pick));
    this.#sessions.replaceChildren(...rows);
    if (!this.#dialog.open) this.#dialog.showModal();
    this.#sessions.querySelector("button")?.focus();
  }

  /** What it asked for that device has an answer, or is no question any more. */
  settled(device: string): void {
    if (this.#device === device && this.#dialog.open) this.#dialog.close();
  }

  #row(
    session: ActiveSession,
    enabled: boolean,
    pick: (session: ActiveSession) => void,
  ): HTMLLIElement {
    const row = make("li", "");
    const button = make("button", "session");
    button.type = "button";
    button.disabled = !enabled;
    const glyph = make("span", "glyph");
    glyph.dataset.kind = kindOf(session.deviceId) ?? "tv";
    glyph.setAttribute("aria-hidden", "true");
    const text = make("span", "text");
    const lost = session.connected === false ? " · not connected" : "";
    const when = `${since(session.createdAt, Date.now())}${lost}`;
    text.append(make("span", "name", session.name), make("span", "when", when));
    button.append(glyph, text, make("span", "action", enabled ? "End and watch here" : ""));
    button.setAttribute("aria-label", `End ${session.name} and watch here, ${when}`);
    button.addEventListener("click", () => {
      this.#dialog.close();
      pick(session);
    });
    row.append(button);
    return row;
  }
}
