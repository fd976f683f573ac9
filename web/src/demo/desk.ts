/**
 * The demo's agent desk: what an agent's own application does with Baton.
 *
 * It lists visitors and asks for watch links (v1.1), redeems short codes, shows the viewer in a frame,
 * and controls it by messages. A real application keeps the API key in its backend.
 */
import { element, make } from "../page/elements.ts";
import { Frame } from "./frame.ts";
import { type Visitor, Visitors } from "./visitors.ts";

const REFRESH_MS = 2000;

const agent = element("agent", HTMLInputElement);
const search = element("search", HTMLInputElement);
const list = element("visitors", HTMLUListElement);
const listAnswer = element("visitors-answer", HTMLElement);
const code = element("code", HTMLInputElement);
const codeAnswer = element("code-answer", HTMLElement);
const frame = new Frame();
const visitors = new Visitors();

element("code-form", HTMLFormElement).addEventListener("submit", (event) => {
  event.preventDefault();
  void joinByCode(code.value.replace(/\D/g, ""));
});
search.addEventListener("input", () => void refresh());
setInterval(() => void refresh(), REFRESH_MS);
void refresh();

async function refresh(): Promise<void> {
  try {
    const found = await visitors.list(search.value.trim());
    const online = found.filter((visitor) => visitor.is_online);
    show(online);
    listAnswer.textContent = online.length > 0 ? "" : "Nobody is online at the moment.";
  } catch (error) {
    listAnswer.textContent = reason(error);
  }
}

/** Rows stay as they are while nothing of them changed: a button keeps its focus. */
function show(online: Visitor[]): void {
  const old = new Map([...list.children].map((row) => [(row as HTMLElement).dataset.shown, row]));
  list.replaceChildren(
    ...online.map((visitor) => {
      const shown = JSON.stringify([visitor.short_id, visitor.last_url, visitor.is_in_session]);
      return old.get(shown) ?? row(visitor, shown);
    }),
  );
}

function row(visitor: Visitor, shown: string): HTMLLIElement {
  const item = make("li");
  item.dataset.shown = shown;
  const name = visitor.identities[0] ?? visitor.unique_id ?? `Visitor ${visitor.lookup_code ?? ""}`;
  const watch = make("button");
  watch.type = "button";
  watch.textContent = visitor.is_in_session ? "Join" : "Watch";
  watch.setAttribute("aria-label", `Watch ${name}`);
  watch.addEventListener("click", () => void watchVisitor(visitor));
  item.append(
    make("strong", "", name),
    // The host is the shop's own: what tells pages apart is the path.
    make("span", "", visitor.last_url?.replace(/^[^/]*/, "") ?? ""),
    make("small", "", `${visitor.browser_name ?? "?"}, ${visitor.device_type ?? "?"}`),
    watch,
  );
  return item;
}

async function watchVisitor(visitor: Visitor): Promise<void> {
  try {
    frame.open(await visitors.watchUrl(visitor.short_id, agentName()));
    listAnswer.textContent = "";
  } catch (error) {
    listAnswer.textContent = reason(error);
  }
}

async function joinByCode(digits: string): Promise<void> {
  codeAnswer.textContent = "";
  const query = new URLSearchParams({ appkey: digits });
  const response = await fetch(`/assistserver/shortcode/agent?${query}`);
  const answer = await response.json();
  if (response.status === 200) {
    // The path of the viewer is that of every watch link; this one is of the default base path.
    frame.open(`/cobrowse/watch/${answer.cid}?${new URLSearchParams({ name: agentName() })}`);
    code.value = "";
  } else {
    codeAnswer.textContent = answer.detail ?? "That did not work.";
  }
}

function agentName(): string {
  return agent.value.trim() || "Agent";
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
