/**
 * Makes what a visitor's page sent harmless before it becomes a document in the agent's browser.
 *
 * The mirror lives in an iframe whose sandbox runs no script at all; this is the second wall. What is
 * left can neither run, nor navigate, nor fetch anything but pictures, fonts, media and styles, nor tell
 * other sites the viewer's URL, which holds a token. Works on the events as they came: anything.
 */

type Bag = Record<string, unknown>;

/** rrweb's EventType, IncrementalSource and NodeType, as far as they matter here. */
const FULL_SNAPSHOT = 2;
const INCREMENTAL = 3;
const META = 4;
const MUTATION = 0;
const POSITIONS = new Set([1, 6, 12]);
const MEDIA = 7;
const CANVAS = 9;
const ELEMENT = 2;

/** As deep as browsers let their own parsers nest: rebuilding is recursive. */
const DEPTH_MOST = 512;

/** Attributes that no element keeps: they navigate, run, move the focus or tell the referrer. */
const NEVER = new Set([
  ...["action", "formaction", "target", "formtarget", "ping", "download", "manifest"],
  ...["srcdoc", "sandbox", "allow", "csp", "http-equiv", "nonce", "autofocus"],
  ...["archive", "classid", "code", "codebase", "object", "profile"],
  // Sites see who asks, but never from where.
  ...["referrerpolicy", "attributionsrc"],
  // What the visitor's browser could read must not fail here for want of CORS.
  ...["crossorigin", "integrity"],
]);

/** What these load runs, or navigates. The contents of a frame come as events, or not at all. */
const FRAMES = new Set(["iframe", "frame", "object", "embed", "applet", "portal", "fencedframe"]);
const FRAME_SOURCES = new Set(["src", "data", "type", "name"]);
/** They are shown as links, and lead nowhere. */
const LINKS = new Set(["a", "area"]);
/** Elements of SVG that change attributes of others. */
const ANIMATIONS = new Set(["animate", "set", "animatetransform", "animatemotion"]);
/** Shown as an element of no meaning. */
const REPLACED = new Set(["script", "base", "basefont", "meta"]);
/** What a value of an attribute is, as typeof says. */
const PLAIN = new Set(["string", "number", "boolean"]);
const NAME = /^[a-z][\w.:-]*$/i;
const SHEET = /^(alternate\s+)?stylesheet$/i;
const SCRIPT_URL = /^(javascript|vbscript):/i;

/** The events that a mirror can show, with their documents made harmless. Mutations are not: see below. */
export function cleanse(events: unknown): Bag[] {
  return Array.isArray(events) ? events.filter(isShown) : [];
}

function isShown(event: unknown): event is Bag {
  if (!isBag(event) || !isBag(event.data)) return false;
  const { type, data } = event;
  if (type === META) return true;
  if (type !== FULL_SNAPSHOT) return type === INCREMENTAL && isShownChange(data);
  if (!isBag(data.node)) return false;
  cleanNode(data.node, 0);
  return true;
}

function isShownChange(data: Bag): boolean {
  // Drawing commands could only be replayed with scripts allowed.
  if (data.source === CANVAS) return false;
  // Whoever watches a page does not hear it.
  if (data.source === MEDIA) data.muted = true;
  if (!POSITIONS.has(Number(data.source))) return true;
  return Array.isArray(data.positions) && data.positions.length > 0 && data.positions.every(isBag);
}

/**
 * Makes a change of the document harmless, in place. At the last moment, since what an attribute may
 * be depends on its element, which `tagOf` knows by its id.
 */
export function cleanseChange(data: Bag, tagOf: (id: unknown) => string | undefined): void {
  if (data.source !== MUTATION) return;
  const lists = ["adds", "removes", "texts", "attributes"].map((name) => {
    const list = Array.isArray(data[name]) ? data[name].filter(isBag) : [];
    data[name] = list;
    return list;
  });
  const [adds = [], , , changes = []] = lists;
  const added = new Map<unknown, Set<string>>();
  data.adds = adds.filter(({ node }) => isBag(node));
  for (const { node } of data.adds as Bag[]) cleanNode(node as Bag, 0, added);
  for (const change of changes) {
    // An addition may take an id that is there, or not be made: harmless on each of the elements.
    const tags = new Set(added.get(change.id));
    const live = tagOf(change.id);
    if (live !== undefined) tags.add(live);
    let clean = tags.size > 0 && isBag(change.attributes) ? change.attributes : {};
    for (const tag of tags) clean = cleanAttributes(clean, tag);
    change.attributes = clean;
  }
}

function cleanNode(node: Bag, depth: number, seen?: Map<unknown, Set<string>>): void {
  if (node.type === ELEMENT) {
    const tag = String(node.tagName).toLowerCase();
    if (!NAME.test(tag)) node.tagName = "div";
    if (REPLACED.has(localName(tag))) node.tagName = "noscript";
    node.attributes = cleanAttributes(isBag(node.attributes) ? node.attributes : {}, tag);
    seen?.set(node.id, (seen.get(node.id) ?? new Set()).add(tag));
  }
  const children = Array.isArray(node.childNodes) ? node.childNodes.filter(isBag) : [];
  node.childNodes = depth < DEPTH_MOST ? children : [];
  for (const child of node.childNodes as Bag[]) cleanNode(child, depth + 1, seen);
}

/** A name as rrweb takes it from the page may begin with a prefix, such as `svg:`. */
function localName(name: string): string {
  return name.slice(name.lastIndexOf(":") + 1);
}

function cleanAttributes(attributes: Bag, name: string): Bag {
  const tag = localName(name);
  // First, so that nothing is heard before it is muted.
  const clean: Bag = tag === "audio" || tag === "video" ? { muted: "", rr_mediaMuted: true } : {};
  for (const [name, value] of Object.entries(attributes)) {
    if (Object.hasOwn(clean, name)) continue;
    const kept = cleanValue(name.toLowerCase(), value, tag);
    if (kept !== undefined) clean[name] = kept;
  }
  return clean;
}

/** The attribute's value; undefined where it must not be there. null: the page removed it. */
function cleanValue(name: string, value: unknown, tag: string): unknown {
  if (value === null) return value;
  // A style's changes are told as an object. Any other becomes text only when it is set.
  if (name === "style" && isBag(value)) return value;
  if (!PLAIN.has(typeof value)) return undefined;
  if (name.startsWith("on") || NEVER.has(name)) return undefined;
  if (FRAMES.has(tag) && FRAME_SOURCES.has(name)) return undefined;
  if (ANIMATIONS.has(tag) && name === "attributename" && /href|^on/i.test(String(value))) {
    return undefined;
  }
  if (tag === "link" && name === "rel" && !SHEET.test(String(value).trim())) return undefined;
  if (LINKS.has(tag) && localName(name) === "href") return "#";
  return typeof value === "string" && isScript(value) ? undefined : value;
}

function isScript(value: string): boolean {
  // Browsers ignore blanks and control characters in and before a scheme. Only the beginning counts:
  // values may be long.
  const start = [...value.slice(0, 64)].filter((char) => char > " ").join("");
  return SCRIPT_URL.test(start);
}

function isBag(value: unknown): value is Bag {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
