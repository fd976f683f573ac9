/** A text field where there is no browser: what the viewer's keyboard needs of it. */
import { vi } from "vitest";

export class Field extends EventTarget {
  value = "";
  disabled = true;

  /** Makes it the one field of the page. */
  static place(): Field {
    const field = new Field();
    vi.stubGlobal("HTMLElement", Field);
    vi.stubGlobal("HTMLTextAreaElement", Field);
    vi.stubGlobal("document", { getElementById: () => field });
    return field;
  }

  get element(): HTMLTextAreaElement {
    return this as unknown as HTMLTextAreaElement;
  }

  focus(): void {}

  blur(): void {}

  /** Presses a key; false where the browser is not to act on it. */
  press(key: string, modifiers: { shiftKey?: boolean } = {}): boolean {
    const event = new Event("keydown", { cancelable: true });
    return this.dispatchEvent(Object.assign(event, { key, ...modifiers }));
  }

  hear(type: string): void {
    this.dispatchEvent(new Event(type));
  }
}
