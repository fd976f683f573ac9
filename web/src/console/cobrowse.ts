/** One co-browse session: where it stands, who is in it, what happened, and its end. */
import { element, make } from "../page/elements.ts";
import { type Activity, type Admin, type CobrowseSession, type CobrowseUser, why } from "./api.ts";
import { confirm } from "./dialog.ts";
import { button, setText, timeElement } from "./page.ts";
import { Refresher } from "./refresher.ts";
import { endedBy, moment, NONE, plain, timeOfDay } from "./words.ts";

const ROLES: Record<number, string> = { 1: "customer", 2: "agent", 3: "controller" };

export class CobrowseView {
  readonly #admin: Admin;
  readonly #id = element("cobrowse-id", HTMLInputElement);
  readonly #note = element("cobrowse-note", HTMLElement);
  readonly #result = element("cobrowse-result", HTMLElement);
  readonly #refresher = new Refresher((signal) => this.#ask(signal));
  /** A token or a history id. */
  #looked: string | undefined;
  /** The history id of what is shown: events name sessions by it. */
  #history: string | undefined;
  #shown = "";

  constructor(admin: Admin) {
    this.#admin = admin;
    element("cobrowse-form", HTMLFormElement).addEventListener("submit", (event) => {
      event.preventDefault();
      this.look(this.#id.value.trim());
    });
  }

  look(id: string): void {
    this.#id.value = id;
    this.#looked = id;
    this.#history = undefined;
    this.#refresher.anew();
  }

  /** Something happened, perhaps to the session in view. */
  heard({ kind, session }: Activity): void {
    if (!kind.startsWith("cobrowse") || session === undefined) return;
    if (session === this.#looked || session === this.#history) this.#refresher.soon();
  }

  clear(): void {
    this.#looked = undefined;
    this.#history = undefined;
    this.#refresher.stop();
    this.#shown = "";
    this.#result.replaceChildren();
    this.#note.textContent = "";
  }

  refresh(): void {
    if (this.#looked !== undefined) this.#refresher.now();
  }

  async #ask(signal: AbortSignal): Promise<void> {
    const id = this.#looked;
    if (id === undefined) return;
    try {
      const session = await this.#admin.cobrowse(id, signal);
      if (signal.aborted) return;
      this.#history = session.history_id;
      setText(this.#note, `It is ${state(session)}.`);
      this.#show(session);
    } catch (error) {
      if (signal.aborted) return;
      setText(this.#note, why(error));
      this.#shown = "";
      this.#result.replaceChildren();
    }
  }

  #show(session: CobrowseSession): void {
    const { expires_ms: _, ...rest } = session;
    const shown = JSON.stringify(rest);
    if (shown === this.#shown) return;
    this.#shown = shown;
    const parts: HTMLElement[] = [facts(session), users(session.users)];
    if (session.ended_ms === null) {
      const end = button("End session", "small", () => void this.#end(session));
      parts.push(make("p", "buttons", end));
    }
    this.#result.replaceChildren(...parts, trail(session));
  }

  async #end(session: CobrowseSession): Promise<void> {
    const said = await confirm({
      title: "End the co-browse session?",
      text: "The visitor's page is shown to nobody any more; everybody in the session is told.",
      does: "End session",
    });
    if (said === undefined) return;
    try {
      await this.#admin.endCobrowse(session.history_id);
      this.refresh();
    } catch (error) {
      setText(this.#note, `It was not ended. ${why(error)}`);
    }
  }
}

function state({ status, ended_by: by }: CobrowseSession): string {
  if (status !== "terminated") return plain(status);
  const who = typeof by === "string" ? by : Object.keys((by as object | null) ?? {})[0];
  return who === undefined ? "over" : endedBy(who);
}

function facts(session: CobrowseSession): HTMLElement {
  const consent = session.consent_required
    ? session.consented
      ? "given"
      : "not given"
    : "not asked";
  const begun = typeof session.begun === "string" ? plain(session.begun) : "watch link";
  const rows: [string, string][] = [
    ["Tenant", session.tenant],
    ["Host", session.host ?? NONE],
    ["Begun", begun],
    ["Consent", consent],
    ["Created", moment(session.created_ms)],
    ["Ended", session.ended_ms === null ? NONE : moment(session.ended_ms)],
    ["History", session.history_id],
  ];
  const pairs = rows.map(([name, value]) =>
    make("div", "", make("dt", "", name), make("dd", "", value)),
  );
  return make("dl", "facts", ...pairs);
}

function users(all: CobrowseUser[]): HTMLElement {
  if (all.length === 0) return make("p", "quiet", "Nobody has joined.");
  const items = all.map(({ user_id: id, role, name, agent, left }) => {
    const who = [name, agent].filter((part) => part !== null).join(", ");
    const text = `${ROLES[role] ?? `role ${role}`} ${id}${left ? ", left" : ""}`;
    return make("li", "", make("strong", "", who || "no name"), " ", make("span", "quiet", text));
  });
  return make("ul", "users", ...items);
}

function trail({ events }: CobrowseSession): HTMLElement {
  const items = events.map(({ at_ms: atMs, event, ...rest }) => {
    const words = Object.entries(rest).map(([name, value]) => `${plain(name)} ${shown(value)}`);
    const detail = make("span", "quiet", words.join(", "));
    return make(
      "li",
      "",
      timeElement(atMs, timeOfDay(atMs)),
      make("span", "what", plain(event)),
      detail,
    );
  });
  const list = make("ol", "trail", ...items);
  list.tabIndex = 0;
  list.setAttribute("aria-label", "What happened, the oldest first");
  return list;
}

function shown(value: unknown): string {
  if (typeof value === "string" || typeof value === "number") return String(value);
  return JSON.stringify(value).replaceAll(/["{}]/g, "");
}
