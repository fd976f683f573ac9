/** The header: who is watched, where they are, who is there. */
import { element } from "../page/elements.ts";
import type { User } from "../wire/messages.ts";

/** What a visitor without a name is called beside its page. */
export const UNNAMED = "Visitor";
/** More are a number. */
const FACES_MOST = 4;

export class Head {
  readonly #visitor = element("visitor", HTMLElement);
  readonly #where = element("where", HTMLElement);
  readonly #people = element("people", HTMLUListElement);
  readonly #pill = element("pill", HTMLElement);

  set pill(text: string) {
    if (this.#pill.textContent !== text) this.#pill.textContent = text;
  }

  /** Host and path, as the node tells them. */
  set where(url: string) {
    this.#where.textContent = url;
    this.#where.title = url;
  }

  set visitor(name: string | undefined) {
    this.#visitor.textContent = name ?? UNNAMED;
  }

  /** Those who watch. */
  people(users: User[], self: string | undefined): void {
    const watching = users.filter(({ role }) => role !== "customer");
    const faces = watching.slice(0, FACES_MOST).map((user) => face(user, user.userId === self));
    const rest = watching.length - FACES_MOST;
    if (rest > 0) faces.push(item(`+${rest}`, `${rest} more`));
    this.#people.replaceChildren(...faces);
    const count = watching.length;
    this.#people.setAttribute(
      "aria-label",
      `${count} ${count === 1 ? "agent" : "agents"} watching`,
    );
  }
}

/** What the visitor is called; undefined where nobody has told. */
export function visitorOf(users: User[] | undefined): string | undefined {
  return users?.find(({ role }) => role === "customer")?.name || undefined;
}

function face({ name, role }: User, isSelf: boolean): HTMLLIElement {
  const called = name || (role === "controller" ? "Controller" : "Agent");
  const shown = item(initials(called), isSelf ? `${called} (you)` : called);
  if (isSelf) shown.className = "self";
  return shown;
}

function item(text: string, label: string): HTMLLIElement {
  const shown = document.createElement("li");
  const letters = document.createElement("span");
  letters.setAttribute("aria-hidden", "true");
  letters.textContent = text;
  const spoken = document.createElement("span");
  spoken.className = "spoken";
  spoken.textContent = label;
  shown.title = label;
  shown.append(letters, spoken);
  return shown;
}

function initials(name: string): string {
  const words = name.trim().split(/\s+/);
  const ends = words.length > 1 ? [words[0], words.at(-1)] : words;
  return ends
    .map((word) => [...(word ?? "")][0] ?? "")
    .join("")
    .toUpperCase();
}
