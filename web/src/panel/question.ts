/** A question that only the visitor answers: a modal dialog with two buttons. */
import { make } from "../page/elements.ts";
import { button } from "./element.ts";

/** Who was about to click something else, or pressed a key, has not answered. */
const TAKES_NO_YES_MS = 500;

export interface QuestionTexts {
  title: string;
  lines: string[];
  yes: string;
  no: string;
}

export class Question {
  /** Tells one question from the next. */
  readonly key: string;
  readonly element: HTMLDialogElement;
  readonly #title: HTMLElement;
  readonly #answer: (accepted: boolean) => void;
  readonly #before = document.activeElement;
  readonly #timer: ReturnType<typeof setTimeout>;
  #isAnswered = false;

  constructor(key: string, texts: QuestionTexts, answer: (accepted: boolean) => void) {
    this.key = key;
    this.#answer = answer;
    this.#title = make("h2", "", texts.title);
    this.#title.id = "title";
    this.#title.tabIndex = -1;
    const lines = make("div", "", ...texts.lines.map((line) => make("p", "", line)));
    lines.id = "lines";
    const yes = button("primary", texts.yes, () => this.#settle(true));
    const no = button("", texts.no, () => this.#settle(false));
    yes.disabled = true;
    this.#timer = setTimeout(() => {
      yes.disabled = false;
    }, TAKES_NO_YES_MS);
    this.element = make("dialog", "", this.#title, lines, make("div", "answers", yes, no));
    this.element.setAttribute("role", "dialog");
    this.element.setAttribute("aria-modal", "true");
    this.element.setAttribute("aria-labelledby", "title");
    this.element.setAttribute("aria-describedby", "lines");
    // Escape, or the Back gesture of a phone.
    this.element.addEventListener("cancel", (event) => {
      event.preventDefault();
      this.#settle(false);
    });
    // Where the browser closes it without asking.
    this.element.addEventListener("close", () => {
      if (this.element.isConnected && !this.element.open) this.#settle(false);
    });
    // Keys are the dialog's: the page has shortcuts of its own.
    for (const type of ["keydown", "keyup", "keypress"]) {
      this.element.addEventListener(type, (event) => event.stopPropagation());
    }
    this.element.addEventListener("keydown", (event) => this.#circle(event, yes, no));
  }

  /** Puts it before the visitor; also after the page has torn it out. */
  show(): void {
    if (this.element.open) this.element.close();
    this.element.showModal();
    this.#title.focus();
  }

  /** Takes it away unanswered. */
  close(): void {
    clearTimeout(this.#timer);
    this.#isAnswered = true;
    if (this.element.open) this.element.close();
    this.element.remove();
    if (this.#before instanceof HTMLElement) this.#before.focus({ preventScroll: true });
  }

  /** Tab stays among the buttons. */
  #circle(event: KeyboardEvent, yes: HTMLElement, no: HTMLElement): void {
    if (event.key !== "Tab") return;
    const root = this.element.getRootNode();
    const focused = root instanceof ShadowRoot ? root.activeElement : null;
    const toNo = focused === yes || (focused !== no && event.shiftKey);
    event.preventDefault();
    (toNo || yes.matches(":disabled") ? no : yes).focus();
  }

  #settle(accepted: boolean): void {
    if (this.#isAnswered) return;
    this.#isAnswered = true;
    this.#answer(accepted);
  }
}
