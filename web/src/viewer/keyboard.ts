/**
 * The agent's keyboard, as text and keys for the visitor's page.
 *
 * Text comes through a field of our own: so accents, input methods, dictation and paste arrive as the
 * browser has composed them. What writes no text is told as a key.
 */

/** Keys that do something in a page and write nothing. */
const KEYS = new Set([
  ...["Enter", "Backspace", "Delete", "Tab", "Escape"],
  ...["ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight"],
  ...["Home", "End", "PageUp", "PageDown"],
]);
/** What one message takes, in characters. */
export const TEXT_MOST = 4096;

export interface KeyboardListener {
  typed(text: string): void;
  pressed(key: string): void;
  /** The agent wants the keyboard back. */
  left(): void;
}

export class Keyboard {
  readonly #field: HTMLTextAreaElement;
  readonly #listener: KeyboardListener;
  #isComposing = false;

  constructor(field: HTMLTextAreaElement, listener: KeyboardListener) {
    this.#field = field;
    this.#listener = listener;
    field.addEventListener("keydown", (event) => this.#key(event));
    field.addEventListener("compositionstart", () => {
      this.#isComposing = true;
    });
    field.addEventListener("compositionend", () => {
      this.#isComposing = false;
      this.#take();
    });
    field.addEventListener("input", () => {
      if (!this.#isComposing) this.#take();
    });
  }

  /** What is typed from now on is for the visitor's page. */
  focus(): void {
    this.#field.disabled = false;
    this.#field.focus({ preventScroll: true });
  }

  release(): void {
    // A field that is disabled may never hear the end of a composition.
    this.#isComposing = false;
    this.#field.value = "";
    this.#field.disabled = true;
  }

  #key(event: KeyboardEvent): void {
    // An input method has it: it shows as text later.
    if (event.isComposing || event.keyCode === 229) return;
    if (event.key === "Escape" && event.shiftKey) {
      event.preventDefault();
      this.#listener.left();
      return;
    }
    // No key of a message has modifiers: backwards is the agent's own way out of the field.
    if (event.key === "Tab" && event.shiftKey) return;
    const isPlain = !event.ctrlKey && !event.metaKey && !event.altKey;
    if (!isPlain || !KEYS.has(event.key)) return;
    event.preventDefault();
    this.#take();
    this.#listener.pressed(event.key);
  }

  #take(): void {
    const characters = [...this.#field.value];
    this.#field.value = "";
    for (let at = 0; at < characters.length; at += TEXT_MOST) {
      this.#listener.typed(characters.slice(at, at + TEXT_MOST).join(""));
    }
  }
}
