/** Where this page was opened, and where its socket is. Knows URLs only. */

/** `{base}/watch/{token}`: the node serves this page there. */
export interface Address {
  /** A watch link's token, a `cid` or a `userToken`: the node tells them apart. */
  token: string;
  /** `{base}/socket/viewer`, as a WebSocket URL. */
  socket: string;
  /** Of the agent who comes by a `cid`: the visitor is shown it. */
  name: string | undefined;
}

const PAGE = /^(.*)\/watch\/([^/]+)\/?$/;

/** What the page's own URL says; undefined where it names no session. */
export function addressOf(href: string): Address | undefined {
  const url = new URL(href);
  const [, base, token] = PAGE.exec(url.pathname) ?? [];
  if (base === undefined || token === undefined) return undefined;
  const scheme = url.protocol === "https:" ? "wss:" : "ws:";
  const socket = `${scheme}//${url.host}${base}/socket/viewer`;
  return { token: decoded(token), socket, name: url.searchParams.get("name") ?? undefined };
}

/** The socket's URL for a token. */
export function socketUrl(address: Address, token: string): string {
  const name = address.name ? `&name=${encodeURIComponent(address.name)}` : "";
  return `${address.socket}?token=${encodeURIComponent(token)}${name}`;
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** An http or https URL in its normal form; undefined for anything else. */
export function webUrl(text: unknown): string | undefined {
  if (typeof text !== "string") return undefined;
  try {
    const url = new URL(text);
    return url.protocol === "http:" || url.protocol === "https:" ? url.href : undefined;
  } catch {
    return undefined;
  }
}

/** What an agent typed into the address field, as a URL: https where no scheme is given. */
export function typedUrl(text: string): string | undefined {
  const trimmed = text.trim();
  if (trimmed === "" || /\s/.test(trimmed)) return undefined;
  return webUrl(/^[a-z][a-z0-9+.-]*:\/\//i.test(trimmed) ? trimmed : `https://${trimmed}`);
}
