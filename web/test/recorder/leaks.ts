/** Secrets for the page of a test, and a search for them in all that left it. */
import type { Recording } from "./recording.ts";

let secrets: string[] = [];
/** A text that must not be told; its last letter is written differently in every encoding. */
export function secret(where: string): string {
  const text = `geheim${secrets.length}${where}ü`;
  secrets.push(text);
  return text;
}

/** The forms in which a text may be told. */
function forms(text: string): string[] {
  const bytes = Buffer.from(text);
  // Base64 at each of the three places in a group where the text may begin; the ends depend on what is beside it.
  const base64 = [0, 1, 2].map((pad) =>
    Buffer.concat([Buffer.alloc(pad), bytes])
      .toString("base64")
      .slice(4, -4),
  );
  return [
    text,
    encodeURIComponent(text),
    JSON.stringify(text).slice(1, -1).replace("ü", "\\u00fc"),
    text.slice(0, -1),
    ...base64,
    bytes.toString("hex"),
  ];
}

/** Everything that left the page, as text. */
export async function told(recording: Recording): Promise<string> {
  const frames = await recording.settled();
  const viewports = await recording.page.evaluate(() => window.bench.viewports);
  return [
    // Times may look like any number.
    JSON.stringify(frames.map(({ events }) => events)).replace(/"timestamp":\d+/g, ""),
    JSON.stringify(viewports),
  ].join("\n");
}

export function leaks(haystack: string): string[] {
  const lower = haystack.toLowerCase();
  return secrets.filter((text) => forms(text).some((form) => lower.includes(form.toLowerCase())));
}

export function forgetSecrets(): void {
  secrets = [];
}
