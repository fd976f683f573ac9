/** What a page tells of its visitor, within the bounds of docs/relay-protocol.md. */
import { bareUrl } from "../recorder/masking-text.ts";
import type { Profile } from "../wire/messages.ts";

/** A longer text, or list, would close the socket. */
const TEXT_CHARS = 200;
const LIST_ITEMS = 20;

/** Whom the site says that its visitor is. */
export interface Identity {
  /** The site's own id of the person. */
  uniqueId?: string;
  /** Names and addresses. */
  identities?: string[];
  /** The site's own labels. */
  tags?: string[];
}

/** The browsers that tell so themselves; what calls itself Chrome too stands before Chrome. */
const BROWSERS: [name: string, mark: RegExp][] = [
  ["Edge", /Edg/],
  ["Opera", /OPR\//],
  ["Samsung Internet", /SamsungBrowser/],
  ["Firefox", /Firefox|FxiOS/],
  ["Chrome", /Chrome|CriOS/],
  ["Safari", /Safari/],
];

/** Everything there is to tell. */
export function profile({ uniqueId, identities, tags }: Identity): Profile {
  const agent = navigator.userAgent;
  const url = pageUrl();
  const browserName = BROWSERS.find(([, mark]) => mark.test(agent))?.[0];
  return {
    ...(uniqueId != null && { uniqueId: text(uniqueId) }),
    identities: list(identities),
    tags: list(tags),
    ...(url && { url }),
    ...(browserName && { browserName }),
    deviceType: deviceType(agent),
  };
}

/** Where the page is, without what may be secret in it; undefined for what is no web page. */
export function pageUrl(): string | undefined {
  return bareUrl(location.href) || undefined;
}

function deviceType(agent: string): string {
  // iPads call themselves Macs, which have no touch screens.
  if (/iPad|Tablet|Android(?!.*Mobile)/.test(agent)) return "tablet";
  if (/Macintosh/.test(agent) && navigator.maxTouchPoints > 1) return "tablet";
  return /Mobi/.test(agent) ? "mobile" : "desktop";
}

/** Cut to length in characters; half a character is no JSON text to the node. */
function text(value: unknown): string {
  return [...String(value).replace(/\p{Cs}/gu, "\uFFFD")].slice(0, TEXT_CHARS).join("");
}

function list(values: unknown): string[] {
  return Array.isArray(values) ? values.slice(0, LIST_ITEMS).map(text) : [];
}
