/** Changes what fields hold, so that a page notices as if the visitor had typed. */
import { type Field, fieldOf, focus, isInput, isSelect, viewOf } from "./targets.ts";

/** Inputs of these types take a value as a whole: a date, say. */
const WHOLE = /^(date|datetime-local|month|time|week)$/;

/** Fields that were typed into: the page is told of the change when they lose the focus. */
const changed = new WeakSet<Element>();

/** What replaces the selection, and how that is called: `InputEvent.inputType`. */
interface Edit {
  inputType: string;
  data: string;
  /** Where nothing is selected, so many characters before and after the caret go. */
  before?: number;
  after?: number;
}

/** Types at the caret. In a list of options it chooses the one of that name. */
export function type(target: HTMLElement, text: string): void {
  if (isSelect(target)) {
    const options = [...target.options];
    choose(
      target,
      options.findIndex((it) => it.label === text || it.value === text),
    );
    return;
  }
  focus(target);
  edit(target, { inputType: "insertText", data: text });
}

/** Does it in a field, or in an editable part of the page. */
export function edit(target: HTMLElement, wanted: Edit): void {
  const field = fieldOf(target);
  if (field) editField(field, wanted);
  else if (target.isContentEditable) editContent(target, wanted);
}

/** Chooses an option by its place. */
export function choose(list: HTMLSelectElement, index: number): void {
  const option = list.options[index];
  if (!option || option.disabled || list.matches(":disabled") || index === list.selectedIndex)
    return;
  focus(list);
  list.selectedIndex = index;
  tellChanged(list);
}

/** `input` and `change`, as after a choice. */
export function tellChanged(target: Element): void {
  const { Event } = viewOf(target);
  target.dispatchEvent(new Event("input", { bubbles: true, composed: true }));
  target.dispatchEvent(new Event("change", { bubbles: true }));
}

function editField(field: Field, wanted: Edit): void {
  const view = viewOf(field);
  const { value } = field;
  const length = value.length;
  // Numbers and addresses tell no selection: they are typed into at their end.
  let start = field.selectionStart ?? length;
  let end = field.selectionEnd ?? length;
  if (start === end) {
    start = Math.max(0, start - (wanted.before ?? 0));
    end = Math.min(length, end + (wanted.after ?? 0));
  }
  const isWhole = isInput(field) && WHOLE.test(field.type);
  if (isWhole) [start, end] = [0, length];
  const oneLine = isInput(field) ? wanted.data.replace(/[\r\n]+/g, " ") : wanted.data;
  const room = field.maxLength < 0 ? oneLine.length : field.maxLength - (length - (end - start));
  const data = oneLine.slice(0, Math.max(0, room));
  if (!data && start === end) return;
  const init = { bubbles: true, composed: true, inputType: wanted.inputType, data: data || null };
  const before = new view.InputEvent("beforeinput", { ...init, cancelable: true });
  if (!field.dispatchEvent(before)) return;
  setValue(field, value.slice(0, start) + data + value.slice(end));
  if (field.selectionStart !== null)
    field.setSelectionRange(start + data.length, start + data.length);
  tellChangeLater(field);
  field.dispatchEvent(new view.InputEvent("input", init));
}

/** By the setter of the class: frameworks put their own on the element, to notice what scripts do. */
function setValue(field: Field, value: string): void {
  const view = viewOf(field);
  const { prototype } = isInput(field) ? view.HTMLInputElement : view.HTMLTextAreaElement;
  Object.getOwnPropertyDescriptor(prototype, "value")?.set?.call(field, value);
}

function tellChangeLater(field: Field): void {
  if (changed.has(field)) return;
  changed.add(field);
  const { Event } = viewOf(field);
  const tell = () => {
    changed.delete(field);
    field.dispatchEvent(new Event("change", { bubbles: true }));
  };
  field.addEventListener("blur", tell, { once: true });
}

/** The browser's own editing: it tells the page, and can be undone. */
function editContent(target: HTMLElement, { inputType, data }: Edit): void {
  const document = target.ownerDocument;
  const selection = document.getSelection();
  if (!selection?.anchorNode || !target.contains(selection.anchorNode)) {
    selection?.selectAllChildren(target);
    selection?.collapseToEnd();
  }
  const command: Record<string, string> = {
    deleteContentBackward: "delete",
    deleteContentForward: "forwardDelete",
    insertParagraph: "insertParagraph",
  };
  document.execCommand(command[inputType] ?? "insertText", false, data);
}
