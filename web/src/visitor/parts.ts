/**
 * The three parts of the visitor script, and what each may ask of the others.
 *
 * The loader (`visitor.js`) is all that an ordinary page view loads. It holds the socket and decides
 * what is loaded: the panel (`panel.js`) as soon as somebody wants to watch, the recorder
 * (`recorder.js`) once the visitor has accepted. Both are modules that the loader imports from where
 * it came from itself, and export what is declared here. Types only.
 */
import type { SeenGesture, VisitorSession } from "../wire/messages.ts";

/** What a site may set before the script runs: `window.BatonConfig`. All of it is optional. */
export interface Options {
  /** Where Baton is, such as `https://baton.example.com/cobrowse`; where the script came from otherwise. */
  base?: string;
  /** Of the visitor, for those who look for it: see `identify`. */
  uniqueId?: string;
  identities?: string[];
  tags?: string[];
  /** false: the visitor is not listed as online; sessions start by a code only. */
  presence?: boolean;
  /** Other words, or another language: any of the names in panel/texts.ts. */
  texts?: Record<string, string>;
  /** CSS selectors, beside `data-baton-mask`, `data-baton-block` and `data-baton-unmask`. */
  mask?: string[];
  block?: string[];
  unmask?: string[];
  /** true: an agent with control may also press buttons that submit forms. */
  allowSubmit?: boolean;
}

/** What the visitor sees of a session: consent dialog, banner, cursors, drawings. Module `panel.js`. */
export interface PanelModule {
  openPanel(host: PanelHost): Panel;
}

export interface PanelHost {
  options: Options;
  consent(accepted: boolean): void;
  control(userId: string, granted: boolean): void;
  end(): void;
  /** The running recorder; a remote click needs to know what it was aimed at. */
  recorder(): Recorder | undefined;
}

export interface Panel {
  /** The whole state, at every change; `isConnected`: whether it is known to be current. */
  show(session: VisitorSession, isConnected: boolean): void;
  controlRequested(userId: string, name: string | undefined): void;
  /** A viewer did something it may do; the panel checks again what concerns the page. */
  seen(gesture: SeenGesture): void;
  /** Takes everything off the page. */
  close(): void;
}

/** What makes the page visible to others. Module `recorder.js`. */
export interface RecorderModule {
  startRecorder(host: RecorderHost): Recorder;
}

export interface RecorderHost {
  options: Options;
  /** The epoch to begin with: above every one before it. */
  epoch: number;
  /** A whole binary frame; one that nobody takes is lost, and `restart` follows when somebody does again. */
  send(frame: Uint8Array<ArrayBuffer>): void;
  /** Bytes that wait to be sent. */
  backlog(): number;
  viewport(width: number, height: number): void;
}

export interface Recorder {
  /** Somebody needs a snapshot now. */
  snapshot(): void;
  /** A new connection: begins this epoch with viewport and a snapshot. */
  restart(epoch: number): void;
  /** The mirrored node of that id; undefined where it is gone, masked or blocked. */
  node(id: number): Node | undefined;
  stop(): void;
}

/** The element that holds everything the script itself shows; the recorder blocks it. */
export const OVERLAY_TAG = "baton-overlay";
