/** The activity feed: the newest first, bounded, to be paused and filtered. */
import { element, make } from "../page/elements.ts";
import type { Activity } from "./api.ts";
import { button, setText, timeElement } from "./page.ts";
import { endedBy, plain, timeOfDay } from "./words.ts";

/** Rows that are kept. */
const ROWS = 200;

/** Who looks things up that the feed names. */
export interface Lookups {
  account(tenant: string, customer: string): void;
  cobrowse(session: string): void;
}

/** A row: when and where, what, and of whom. `tone` colours the mark. */
interface Words {
  what: string;
  tone: "good" | "bad" | "note";
  detail: string;
}

export class ActivityView {
  readonly #lookups: Lookups;
  readonly #list = element("feed", HTMLOListElement);
  readonly #empty = element("feed-empty", HTMLElement);
  readonly #pause = element("feed-pause", HTMLButtonElement);
  readonly #kind = element("feed-kind", HTMLSelectElement);
  readonly #text = element("feed-text", HTMLInputElement);
  /** While paused: what is not shown yet, the newest first. */
  #waiting: HTMLLIElement[] | undefined;

  constructor(lookups: Lookups) {
    this.#lookups = lookups;
    this.#pause.addEventListener("click", () => this.#toggle());
    this.#kind.addEventListener("change", () => this.#filter());
    this.#text.addEventListener("input", () => this.#filter());
  }

  add(activity: Activity): void {
    this.#put(this.#row(activity));
  }

  missed(count: number): void {
    const text = count === 1 ? "one event" : `${count} events`;
    const row = make("li", "", make("span", "what", `${text} more than this page could follow`));
    row.dataset.group = "missed";
    row.dataset.tone = "note";
    this.#put(row);
  }

  clear(): void {
    this.#list.replaceChildren();
    this.#waiting = undefined;
    this.#showPause();
  }

  #put(row: HTMLLIElement): void {
    row.hidden = !this.#matches(row);
    if (this.#waiting !== undefined) {
      this.#waiting.unshift(row);
      this.#waiting.length = Math.min(this.#waiting.length, ROWS);
      this.#showPause();
      return;
    }
    this.#show([row]);
  }

  #show(rows: HTMLLIElement[]): void {
    this.#list.prepend(...rows);
    while (this.#list.childElementCount > ROWS) this.#list.lastElementChild?.remove();
    this.#showEmpty();
  }

  #toggle(): void {
    const waiting = this.#waiting;
    this.#waiting = waiting === undefined ? [] : undefined;
    if (waiting !== undefined) this.#show(waiting);
    this.#showPause();
  }

  #showPause(): void {
    const isPaused = this.#waiting !== undefined;
    const count = this.#waiting?.length ?? 0;
    this.#pause.setAttribute("aria-pressed", String(isPaused));
    const more = count === ROWS ? `${ROWS} or more` : `${count}`;
    setText(this.#pause, isPaused ? `Resume (${more} new)` : "Pause");
  }

  #filter(): void {
    for (const row of this.#list.children) {
      if (row instanceof HTMLLIElement) row.hidden = !this.#matches(row);
    }
    for (const row of this.#waiting ?? []) row.hidden = !this.#matches(row);
    this.#showEmpty();
  }

  #matches(row: HTMLLIElement): boolean {
    const { group } = row.dataset;
    if (group === "missed") return true;
    if (this.#kind.value !== "" && group !== this.#kind.value) return false;
    const words = this.#text.value.toLowerCase().split(" ");
    const text = row.textContent?.toLowerCase() ?? "";
    return words.every((word) => text.includes(word));
  }

  #showEmpty(): void {
    const rows = [...this.#list.children];
    const shown = rows.some((row) => row instanceof HTMLElement && !row.hidden);
    this.#empty.hidden = shown;
    if (rows.length > 0) setText(this.#empty, "Nothing that was seen fits the filter.");
  }

  #row(activity: Activity): HTMLLIElement {
    const { what, tone, detail } = words(activity);
    const mark = make("span", "what", what);
    const row = make("li", "", timeElement(activity.at_ms, timeOfDay(activity.at_ms)), mark);
    const of = this.#of(activity);
    if (of !== undefined) row.append(" ", of);
    if (detail !== "") row.append(" ", make("span", "detail", detail));
    if (activity.session !== undefined) row.title = `session ${activity.session}`;
    row.dataset.tone = tone;
    row.dataset.kind = activity.kind;
    const [group] = activity.kind.split("_");
    row.dataset.group = group === "stream" || group === "cobrowse" ? group : "cluster";
    return row;
  }

  /** Whose, or which, as a button that looks it up. */
  #of({ kind, tenant, customer, session }: Activity): HTMLElement | undefined {
    if (tenant !== undefined && customer !== undefined) {
      const look = () => this.#lookups.account(tenant, customer);
      return button(`${tenant} / ${customer}`, "look", look);
    }
    if (kind.startsWith("cobrowse") && session !== undefined) {
      return button(short(session), "look", () => this.#lookups.cobrowse(session));
    }
    return undefined;
  }
}

/** Enough of an id to tell sessions apart; the whole of it is the row's title. */
function short(session: string): string {
  return session.length > 12 ? `${session.slice(0, 8)}…` : session;
}

/** What an activity says. A kind of a later release is shown as it is called. */
function words(activity: Activity): Words {
  const { kind, name = "", pool = "", role = "", by = "" } = activity;
  const session = short(activity.session ?? "");
  const quoted = name === "" ? "" : `“${name}”`;
  switch (kind) {
    case "stream_created":
      return { what: "created", tone: "good", detail: `${quoted} in ${pool}` };
    case "stream_refused":
      return { what: "refused at the limit", tone: "bad", detail: `${quoted} in ${pool}` };
    case "stream_ended":
      return ended(activity);
    case "stream_expired":
      return { what: "expired", tone: "note", detail: session };
    case "cobrowse_created":
      return { what: "co-browse created", tone: "good", detail: "" };
    case "cobrowse_joined":
      return { what: `co-browse joined by ${role}`, tone: "good", detail: "" };
    case "cobrowse_consent":
      return activity.given
        ? { what: "co-browse consent given", tone: "good", detail: "" }
        : { what: "co-browse consent declined", tone: "bad", detail: "" };
    case "cobrowse_ended":
      return { what: `co-browse ${endedBy(by)}`, tone: "note", detail: "" };
    case "node_joined":
      return { what: "node joined", tone: "good", detail: name };
    case "node_draining":
      return { what: "node drains", tone: "note", detail: name };
    case "node_left":
      return { what: "node left", tone: "bad", detail: name };
    case "store":
      return activity.up
        ? { what: "the store answers", tone: "good", detail: activity.node }
        : { what: "the store does not answer", tone: "bad", detail: activity.node };
    default:
      return { what: plain(kind), tone: "note", detail: session };
  }
}

function ended({ reason = "", session: id = "", by = "", by_name, note }: Activity): Words {
  const session = short(id);
  switch (reason) {
    case "taken_over":
      return {
        what: "taken over",
        tone: "note",
        detail: `${session} by “${by_name ?? short(by)}”`,
      };
    case "replaced":
      return { what: "replaced by its own device", tone: "note", detail: session };
    case "operator": {
      const said = note === undefined || note === "" ? "" : `: ${note}`;
      return { what: "ended by an operator", tone: "note", detail: `${session}${said}` };
    }
    default:
      return { what: plain(reason), tone: "note", detail: session };
  }
}
