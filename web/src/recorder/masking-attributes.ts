/**
 * What may be told of an attribute, by its name and value. Knows no document.
 *
 * A word or a number in an attribute that a page made up (`data-pin`, `x-model`) may be anything. It
 * is told when it is one of the usual states, or when a style sheet, which is told too, names it.
 */
import { bareUrl, maskCards } from "./masking-text.ts";

/** All that is told of a masked element: what gives it its place and size. */
const OF_MASKED =
  /^(class|id|type|role|dir|rows|cols|size|multiple|(col|row)span|width|height|viewBox|hidden|disabled|rr_(width|height|scroll\w+)|_cssText)$/;

/** Attributes that may hold words: what a reader sees, or hears. */
const WORDS = /^(id|alt|title|label|placeholder|aria-[a-z]+)$/;
/** Those whose values the mirror needs as they are, to look like the page. */
const LOOKS =
  /^(class|style|src|srcset|sizes|media|poster|rel|for|type|background|charset|xmlns(:\w+)?|_cssText)$/;
/** Never shown, and often tokens: whatever their value looks like. */
const NEVER = /^(srcdoc|nonce|integrity|ping|rr_src|value|content)$|^on|csrf|token/;
/** Names that a page gives to what somebody wrote, where names are the page's own to give. */
const WRITTEN = /value|text|content|input|query|search|name|user|mail|pass/;
/** Of anything else that HTML knows: one plain word, a number, a length, a colour. */
const PLAIN = /^([a-z_-]{0,24}|-?[\d.]{1,4}%?|[\d.]+px|#[\da-f]{3,8})$/i;
const OF_HTML =
  /^(align|autocapitalize|autocomplete|autofocus|autoplay|bgcolor|border|cell(padding|spacing)|checked|clear|color|cols|colspan|compact|contenteditable|controls|decoding|default|dir|disabled|draggable|enctype|enterkeyhint|face|frameborder|height|hidden|high|hspace|inert|inputmode|is|kind|lang|loading|loop|low|margin(height|width)|max|maxlength|method|min|minlength|multiple|muted|name|noshade|novalidate|nowrap|open|optimum|part|playsinline|popover|preload|readonly|required|reversed|role|rows|rowspan|rr_\w+|rules|scope|scrolling|selected|shape|size|slot|span|spellcheck|start|step|tabindex|target|translate|valign|vspace|width|wrap)$/;
/** What the page's own attributes may say although no style sheet that can be read asks for it. */
const STATE =
  /^(|true|false|open(ed)?|closed?|on|off|(in)?active|(un)?checked|indeterminate|visible|hidden|shown?|selected|expanded|collapsed|(en|dis)abled|loading|dark|light|auto|none|horizontal|vertical|left|right|top|bottom|start|end|center|row|column|ltr|rtl|xs|sm|md|lg|xl|small|medium|large)$/;
/** Geometry and paint of SVG: numbers, references within the page. */
const SVG = /^(xlink:href|(?!(data|aria|ng|x|v|hx)-)[a-z]+\d?(-[a-z]+)*)$/i;
const LINKS = /^(href|xlink:href|action|formaction|cite)$/;

export interface Holder {
  /** In lower case. */
  tag: string;
  /** Its text is masked. */
  isMasked: boolean;
  isSvg: boolean;
  /** `rel` of a link, `name` of a meta element. */
  purpose: string;
  /** What style sheets need of an attribute of the page's own; undefined: they do not ask for it. */
  styled(name: string, value: string): string | undefined;
}

/** The value of an attribute as it may be told; undefined: not at all. `value` is not decided here. */
export function attribute(holder: Holder, name: string, value: string): string | undefined {
  const { tag, isMasked, isSvg, purpose } = holder;
  if (tag === "meta") {
    return name === "charset" || purpose === "viewport" ? value : undefined;
  }
  if (name === "_cssText") return tag === "style" || tag === "link" ? value : undefined;
  if (isMasked) {
    if (name === "style") return isPlainStyle(value) ? value : undefined;
    return OF_MASKED.test(name) ? value : undefined;
  }
  if (WRITTEN.test(name) && (name.startsWith("data-") || tag.includes("-"))) return undefined;
  if (NEVER.test(name) || (/frame|object|embed/.test(tag) && /^(src|data)$/.test(name)))
    return undefined;
  if (LINKS.test(name)) {
    if (tag === "link") return /stylesheet|icon/.test(purpose) ? value : undefined;
    if (isSvg && tag !== "a") return value;
    return tag === "base" ? undefined : bareUrl(value);
  }
  if (WORDS.test(name)) return maskCards(value);
  if (LOOKS.test(name) || (isSvg && SVG.test(name))) return value;
  if (OF_HTML.test(name)) return PLAIN.test(value) ? value : undefined;
  return STATE.test(value) ? value : holder.styled(name, value);
}

/** The same of what is no text: numbers, flags and changes of styles, by property. */
export function attributeState<T>(holder: Holder, name: string, value: T): T | undefined {
  const isOpen =
    !holder.isMasked ||
    OF_MASKED.test(name) ||
    (name === "style" && isPlainStyle(Object.entries(value ?? {}).join()));
  return isOpen ? value : undefined;
}

/** Styles of masked elements may hold images, texts, and variables that are shown as texts. */
function isPlainStyle(style: string): boolean {
  return !/url|--|["']/i.test(style);
}
