/**
 * The last gate: every event of rrweb passes here, and leaves without anything private.
 *
 * rrweb has hooks for values and texts, none for attributes, and tells some values past its hooks.
 * So what it says is replaced by what `Privacy` says of the live nodes. Unknown events do not pass.
 */
import type {
  attributeMutation,
  elementNode,
  eventWithTime,
  IMirror,
  incrementalData,
  inputData,
  mutationData,
  serializedElementNodeWithId,
  serializedNodeWithId,
} from "@rrweb/types";
import { BLOCKED, isElement, isField, isWritten, MASKED, type Privacy } from "./masking.ts";
import { attribute, attributeState, type Holder } from "./masking-attributes.ts";
import { Echoes } from "./masking-echo.ts";
import { StyledAttributes } from "./masking-styles.ts";
import { bareUrl } from "./masking-text.ts";

// rrweb's numbers: at run time its enums exist in a package of their own only.
export const EVENT = { full: 2, incremental: 3, meta: 4 } as const;
const NODE = { document: 0, doctype: 1, element: 2, text: 3 } as const;
const SOURCE = {
  mutation: 0,
  mouseMove: 1,
  interaction: 2,
  scroll: 3,
  viewport: 4,
  input: 5,
  touchMove: 6,
  media: 7,
  styleRule: 8,
  drag: 12,
  styleDeclaration: 13,
  selection: 14,
  adoptedStyles: 15,
  customElement: 16,
} as const;
const SVG = "http://www.w3.org/2000/svg";
/** A page too large to be sent goes without what is longer, such as images in `data:` URLs. */
const LONGEST_LEAN_CHARS = 8 * 1024;

/** Whether it is where the pointer goes: the next one makes up for a lost one. */
export function isMove(event: eventWithTime): boolean {
  return event.type === EVENT.incremental && "positions" in event.data;
}

type Known = Map<Node, number>;
/** Attributes of a node, or changes of them: null takes one away. */
type Attributes = attributeMutation["attributes"] | elementNode["attributes"];
type Value = NonNullable<Attributes[string]>;

export class Gate {
  /** Long attributes are left out. */
  isLean = false;
  readonly #mirror: IMirror<Node>;
  readonly #privacy: Privacy;
  readonly #echoes: Echoes;
  readonly #styles = new StyledAttributes();

  constructor(mirror: IMirror<Node>, privacy: Privacy) {
    this.#mirror = mirror;
    this.#privacy = privacy;
    this.#echoes = new Echoes(privacy);
  }

  /** rrweb begins anew: it may have missed changes. */
  forget(): void {
    this.#echoes.forget();
  }

  /** The event, changed in place; undefined: nothing of it may be told. */
  pass(event: eventWithTime): eventWithTime | undefined {
    // Decisions hold for one event: the page may have changed before the next.
    const known: Known = new Map();
    this.#styles.begin();
    // The document of a frame is told again with every snapshot.
    this.#echoes.begin(event.type === EVENT.incremental && !("isAttachIframe" in event.data));
    if (event.type === EVENT.meta) {
      event.data.href = bareUrl(event.data.href);
    } else if (event.type === EVENT.full) {
      this.#node(event.data.node, known);
    } else if (event.type !== EVENT.incremental || !this.#change(event.data, known)) {
      return undefined;
    }
    return event;
  }

  /** Whether anything of the change may be told. */
  #change(data: incrementalData, known: Known): boolean {
    switch (data.source) {
      case SOURCE.mutation:
        return this.#mutation(data, known);
      case SOURCE.mouseMove:
      case SOURCE.touchMove:
      case SOURCE.drag:
        // Where a finger goes on a masked keypad tells what is pressed.
        data.positions = data.positions.filter(({ id }) => this.#isOpen(id, known));
        return data.positions.length > 0;
      case SOURCE.interaction:
        return this.#isOpen(data.id, known);
      case SOURCE.input:
        return this.#input(data, known);
      case SOURCE.selection:
        // Offsets tell how long a text is.
        return data.ranges.every(
          ({ start, end }) => !(this.#bits(start, known) | this.#bits(end, known)),
        );
      case SOURCE.scroll:
      case SOURCE.viewport:
      case SOURCE.media:
      case SOURCE.styleRule:
      case SOURCE.styleDeclaration:
      case SOURCE.adoptedStyles:
      case SOURCE.customElement:
        return true;
      default:
        return false;
    }
  }

  #mutation(data: mutationData, known: Known): boolean {
    data.adds = data.adds.filter(({ parentId, node }) => {
      if (this.#bits(parentId, known) & BLOCKED) return false;
      // A frame that is about to be parsed: it comes again when it has loaded, and a viewer that
      // has its document already would not look into it twice.
      if (node.type === NODE.document && node.childNodes.length === 0) return false;
      this.#node(node, known);
      return true;
    });
    data.texts = data.texts.filter((change) => {
      const node = this.#mirror.getNode(change.id);
      if (!node || this.#bits(change.id, known) & BLOCKED) return false;
      change.value = this.#text(node, change.value ?? "", known);
      return true;
    });
    data.attributes = data.attributes.filter(({ id, attributes }) => {
      const node = this.#mirror.getNode(id);
      if (!node || !isElement(node) || this.#bits(id, known) & BLOCKED) return false;
      const value = this.#privacy.value(node, this.#privacy.of(node, known));
      if ("value" in attributes) attributes.value = value ?? null;
      for (const name of this.#withheld(node, attributes, known)) attributes[name] = null;
      return true;
    });
    return data.adds.length + data.texts.length + data.attributes.length + data.removes.length > 0;
  }

  #input(data: inputData, known: Known): boolean {
    const node = this.#mirror.getNode(data.id);
    const bits = this.#bits(data.id, known);
    if (!node || !isField(node) || bits & BLOCKED) return false;
    this.#echoes.touch(node);
    const value = this.#privacy.value(node, bits);
    // A masked choice; of any other masked field only whether something is in it.
    if (bits & MASKED && /^(radio|checkbox|hidden|file|select)/.test(node.type)) return false;
    data.text = value ?? "";
    return true;
  }

  /** A serialized node and all below it. */
  #node(node: serializedNodeWithId, known: Known): void {
    if (node.type === NODE.element) {
      this.#element(node, known);
    } else if (node.type === NODE.document) {
      for (const child of node.childNodes) this.#node(child, known);
    } else if (node.type !== NODE.doctype) {
      const live = this.#mirror.getNode(node.id);
      const isText = live && node.type === NODE.text;
      node.textContent = isText ? this.#text(live, node.textContent, known) : "";
    }
  }

  #element(node: serializedElementNodeWithId, known: Known): void {
    const { attributes } = node;
    const live = this.#mirror.getNode(node.id);
    const bits = this.#bits(node.id, known);
    if (!live || !isElement(live) || bits & BLOCKED) {
      const { class: className = null, rr_width = null, rr_height = null } = attributes;
      node.attributes = { class: className, rr_width, rr_height };
      node.childNodes = [];
      return;
    }
    for (const name of this.#withheld(live, attributes, known)) delete attributes[name];
    // What the page's source says of a field is replaced by how the field is.
    delete attributes.value;
    const value = this.#privacy.value(live, bits);
    if (value) attributes.value = value;
    for (const name of ["checked", "selected"]) {
      delete attributes[name];
      if (!(bits & MASKED) && name in live && live[name as never]) attributes[name] = true;
    }
    for (const child of node.childNodes) this.#node(child, known);
  }

  /** Replaces what may be told in other words only, and names what may not be told at all. */
  #withheld(live: Element, attributes: Attributes, known: Known): string[] {
    const isMasked = (this.#privacy.of(live, known) & MASKED) !== 0;
    const holder: Holder = {
      tag: live.localName,
      isMasked,
      isSvg: live.namespaceURI === SVG,
      purpose: live.getAttribute("rel") ?? live.getAttribute("name") ?? "",
      styled: (name, value) => this.#styles.styled(live, name, value),
    };
    const withheld: string[] = [];
    for (const [name, value] of Object.entries(attributes)) {
      if (value === null || name === "value") continue;
      let told = this.#told(holder, name, value);
      if (typeof told === "string") told = this.#echoes.attribute(live, name, told);
      if (told === undefined) withheld.push(name);
      else attributes[name] = told;
    }
    this.#echoes.told(live);
    return withheld;
  }

  #told(holder: Holder, name: string, value: Value): Value | undefined {
    if (typeof value !== "string") return attributeState(holder, name, value);
    const isLong = name !== "_cssText" && value.length > LONGEST_LEAN_CHARS;
    return this.isLean && isLong ? undefined : attribute(holder, name, value);
  }

  #text(node: Node, value: string, known: Known): string {
    const bits = this.#bits(node, known);
    const told = this.#privacy.text(node, value, bits);
    return bits || node.parentElement?.localName === "style" ? told : this.#echoes.text(node, told);
  }

  #bits(of: number | Node, known: Known): number {
    const node = typeof of === "number" ? this.#mirror.getNode(of) : of;
    return this.#privacy.of(node, known) & (BLOCKED | MASKED);
  }

  /** Whether it may be told that the pointer is there. On a masked choice it tells which one was made. */
  #isOpen(id: number, known: Known): boolean {
    const node = this.#mirror.getNode(id);
    if (!node) return false;
    const bits = this.#bits(node, known);
    if (isWritten(node)) return !(bits & BLOCKED);
    // What stands beside a choice may be open, and chooses as well.
    const holder = isElement(node) ? node : node.parentElement;
    const labelled = (holder?.closest("label") as HTMLLabelElement | null)?.control;
    return !bits && (!labelled || isWritten(labelled) || !this.#bits(labelled, known));
  }
}
