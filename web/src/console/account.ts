/** The live sessions of an account, kept up to date, and their ends. */
import { element, make } from "../page/elements.ts";
import { type Activity, type Admin, type StreamSession, why } from "./api.ts";
import { confirm } from "./dialog.ts";
import { button, setText, timeElement } from "./page.ts";
import { Refresher } from "./refresher.ts";
import { NONE, timeOfDay } from "./words.ts";

/** An account that somebody looks at. */
interface Account {
  tenant: string;
  customer: string;
}

export class AccountView {
  readonly #admin: Admin;
  readonly #tenant = element("tenant", HTMLInputElement);
  readonly #customer = element("customer", HTMLInputElement);
  readonly #note = element("account-note", HTMLElement);
  readonly #result = element("account-result", HTMLElement);
  readonly #refresher = new Refresher((signal) => this.#ask(signal));
  #account: Account | undefined;
  #shown = "";

  constructor(admin: Admin) {
    this.#admin = admin;
    element("account-form", HTMLFormElement).addEventListener("submit", (event) => {
      event.preventDefault();
      this.look({ tenant: this.#tenant.value, customer: this.#customer.value });
    });
  }

  look(account: Account): void {
    this.#tenant.value = account.tenant;
    this.#customer.value = account.customer;
    this.#account = account;
    this.#refresher.anew();
  }

  /** Something happened, perhaps to the account in view. */
  heard({ tenant, customer }: Activity): void {
    const account = this.#account;
    if (account === undefined) return;
    if (account.tenant === tenant && account.customer === customer) this.#refresher.soon();
  }

  clear(): void {
    this.#account = undefined;
    this.#refresher.stop();
    this.#show("", []);
  }

  refresh(): void {
    if (this.#account !== undefined) this.#refresher.now();
  }

  async #ask(signal: AbortSignal): Promise<void> {
    const account = this.#account;
    if (account === undefined) return;
    try {
      const sessions = await this.#admin.sessions(account.tenant, account.customer, signal);
      if (signal.aborted) return;
      const number =
        sessions.length === 1 ? "One live session" : `${sessions.length} live sessions`;
      const note = sessions.length === 0 ? "No live session" : number;
      this.#show(`${note} of ${account.tenant} / ${account.customer}.`, sessions);
    } catch (error) {
      if (!signal.aborted) this.#show(why(error), []);
    }
  }

  #show(note: string, sessions: StreamSession[]): void {
    setText(this.#note, note);
    // Rows that stay are left alone, with the button that has the focus.
    const shown = JSON.stringify([
      this.#account,
      sessions.map(({ expires_ms: _, ...rest }) => rest),
    ]);
    if (shown === this.#shown) return;
    this.#shown = shown;
    if (sessions.length === 0) {
      this.#result.replaceChildren();
      return;
    }
    const names = ["Session", "Pool", "Node", "Since", ""];
    const head = make("tr", "", ...names.map((name) => make("th", "", name)));
    const rows = sessions.map((session) => this.#row(session));
    const table = make("table", "", make("thead", "", head), make("tbody", "", ...rows));
    this.#result.replaceChildren(table);
  }

  #row(session: StreamSession): HTMLTableRowElement {
    const device = session.device === null ? "" : ` · ${session.device}`;
    const id = make("span", "quiet id", `${session.id}${device}`);
    const name = make("td", "", make("strong", "", session.name || "(no name)"), id);
    const created = timeElement(session.created_ms, timeOfDay(session.created_ms));
    const since = make("td", "", created);
    const end = button("End", "small", () => void this.#end(session));
    end.setAttribute("aria-label", `End ${session.name}`);
    const node = make("td", "", session.node ?? NONE);
    const pool = make("td", "", session.pool);
    for (const [cell, label] of [
      [pool, "Pool"],
      [node, "Node"],
      [since, "Since"],
    ] as const) {
      cell.dataset.label = label;
    }
    const row = make("tr", "", name, pool, node, since, make("td", "do", end));
    row.dataset.session = session.id;
    return row;
  }

  async #end(session: StreamSession): Promise<void> {
    const account = this.#account;
    if (account === undefined) return;
    const reason = await confirm({
      title: `End “${session.name}”?`,
      text: `The stream of ${account.customer} stops, and its slot is free.`,
      does: "End session",
      reason: "May be left out. Media Play clients are told; at most 200 characters.",
    });
    if (reason === undefined) return;
    try {
      await this.#admin.endSession(account.tenant, account.customer, session.id, reason);
      this.refresh();
    } catch (error) {
      setText(this.#note, `It was not ended. ${why(error)}`);
    }
  }
}
