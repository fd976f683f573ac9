/** The viewer's own parts, in a page of a test: how they keep house cannot be seen from outside. */
import { LiveReplayer } from "../../src/viewer/live.ts";

declare global {
  interface Window {
    LiveReplayer: typeof LiveReplayer;
  }
}

window.LiveReplayer = LiveReplayer;
