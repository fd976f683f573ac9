/** A recorder for tests of what is around it: its snapshots hold nothing, its ids are `data-id`. */
import type { BrowserContext } from "playwright-core";

const MODULE = `
export function startRecorder(host) {
  let epoch = host.epoch;
  const show = () => {
    host.viewport(innerWidth, innerHeight);
    snapshot();
  };
  const snapshot = () => {
    const frame = new Uint8Array(18);
    const view = new DataView(frame.buffer);
    view.setUint8(0, 1);
    view.setUint32(4, epoch);
    frame.set([91, 93], 16);
    host.send(frame);
  };
  window.recorders = (window.recorders ?? 0) + 1;
  show();
  return {
    snapshot,
    restart(next) { epoch = next; show(); },
    node(id) {
      const found = document.querySelector('[data-id="' + id + '"]');
      return found?.closest("[data-baton-mask]") ? undefined : found ?? undefined;
    },
    stop() { window.recorders -= 1; },
  };
}
`;

/** Serves it in the place of the real one. */
export async function standIn(context: BrowserContext): Promise<void> {
  await context.route("**/assets/recorder.js", (route) =>
    route.fulfill({
      contentType: "text/javascript",
      headers: { "Access-Control-Allow-Origin": "*" },
      body: MODULE,
    }),
  );
}
