/**
 * What a watch link's own token says, for when it opens no session: then there is no `welcome`.
 *
 * The browser cannot check the token's signature. The node has, where it answers that the link was
 * used, that its session is over, or that too many are watched: who refuses by 404 may have refused
 * a forgery. An embedding page has chosen the link itself, so nobody is led astray there by a forged
 * one; a bare page does not follow what nobody vouches for.
 */
import type { LinkTerms } from "../wire/messages.ts";

export function termsOf(token: string): LinkTerms | undefined {
  const payload = token.split(".")[1];
  if (payload === undefined) return undefined;
  try {
    const bytes = Uint8Array.from(atob(payload.replace(/-/g, "+").replace(/_/g, "/")), (char) =>
      char.charCodeAt(0),
    );
    // `l`: see src/auth/link_token.rs.
    const { l } = JSON.parse(new TextDecoder().decode(bytes));
    return typeof l?.branding === "object" && l.branding !== null ? l : undefined;
  } catch {
    return undefined;
  }
}

/** Whether a refusal vouches for the token that it refused. */
export function isVouchedFor(status: number): boolean {
  return status === 402 || status === 410;
}
