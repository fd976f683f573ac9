/** A code that the visitor reads out, and the session it stands for. */

export interface OwnCode {
  code: string;
  /** Shows the page in the session. */
  token: string;
}

/** Makes a code, and redeems it as the one whose page is to be seen. */
export async function createCode(base: string): Promise<OwnCode> {
  const { shortCode } = await call(base, "create", "PUT");
  const code = String(shortCode);
  const answer = await call(base, `consumer?appkey=${encodeURIComponent(code)}`, "GET");
  return { code, token: String(answer["session-token"]) };
}

async function call(base: string, what: string, method: string): Promise<Record<string, unknown>> {
  // These have their fixed place, wherever co-browsing has its own.
  const url = new URL(`/assistserver/shortcode/${what}`, base);
  const response = await fetch(url, { method, cache: "no-store" }).catch(() => {
    const policy = "see that this page's Content-Security-Policy lets it connect there";
    throw new Error(`Baton: no code could be made: ${url.origin} cannot be reached; ${policy}.`);
  });
  const answer = await response.json().catch(() => ({}));
  if (response.ok) return answer;
  throw new Error(`Baton: no code could be made: ${answer.detail ?? `status ${response.status}`}`);
}
