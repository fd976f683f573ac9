/**
 * What a reload of the frame goes on with: a link opens once, and its terms come with `welcome`.
 *
 * Kept per tab, under a hash of the URL's token, so that neither storage nor its keys hold the link.
 * Browsers may block storage in third-party frames: then a reload cannot go on, and nothing else suffers.
 */
import type { LinkTerms } from "../wire/messages.ts";

export interface Remembered {
  userToken: string;
  link?: LinkTerms;
}

export class Memory {
  readonly #key: string;

  private constructor(key: string) {
    this.#key = key;
  }

  static async of(token: string): Promise<Memory> {
    return new Memory(`baton-viewer-${await hash(token)}`);
  }

  read(): Remembered | undefined {
    try {
      const kept = JSON.parse(sessionStorage.getItem(this.#key) ?? "null");
      return typeof kept?.userToken === "string" ? kept : undefined;
    } catch {
      return undefined;
    }
  }

  write(remembered: Remembered): void {
    try {
      sessionStorage.setItem(this.#key, JSON.stringify(remembered));
    } catch {
      // Blocked or full: see above.
    }
  }
}

async function hash(token: string): Promise<string> {
  // Plain http other than localhost has no SubtleCrypto; then the key is a weaker hash of the token.
  if (!globalThis.crypto?.subtle) return weakHash(token);
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(token));
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** FNV-1a, 32 bits. */
function weakHash(text: string): string {
  let value = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) {
    value = Math.imul(value ^ byte, 0x01000193) >>> 0;
  }
  return value.toString(16);
}
