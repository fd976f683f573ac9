/** What a site is told when something cannot begin, or cannot go on. */
import type { Ending } from "../wire/line.ts";

/** An error of `start`, with a code for machines. */
export interface VisitError extends Error {
  code: string;
}

export function failure(code: string, message: string): VisitError {
  return Object.assign(new Error(`Baton: ${message}`), { code });
}

/** Why a connection ended for good. */
export interface Reason {
  code: string;
  message: string;
  /** The token's session is over, or never was: nothing is wrong with the site. */
  isOfSession: boolean;
}

/** In words for the site's developers. */
export function reasonOf(ending: Ending): Reason {
  if (ending.by === "close") {
    const { code, reason } = ending;
    const isOfSession = [4003, 4004, 4011].includes(code);
    return {
      code: String(code),
      message: `the node closed the connection: ${reason}`,
      isOfSession,
    };
  }
  const { status, code, detail } = ending;
  const message = status === 403 ? `${location.origin} is refused. ${detail}` : detail;
  return { code, message, isOfSession: status === 404 || status === 410 };
}
