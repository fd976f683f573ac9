/** The text frames of docs/relay-protocol.md, version 1. Types only: nothing of this is in a bundle. */

export type Status = "created" | "waiting" | "pendingRequest" | "active" | "terminated";

export type EndedBy = "customer" | "agent" | "operator" | "declined" | "timeout" | "deserted";

export interface User {
  userId: string;
  role: "customer" | "agent" | "controller";
  name?: string;
}

/** What a page tells of its visitor; the site's word. */
export interface Profile {
  uniqueId?: string;
  identities?: string[];
  tags?: string[];
  url?: string;
  browserName?: string;
  deviceType?: string;
}

export type FromVisitor =
  | { type: "hello"; protocol: 1; visitor?: Profile; visitorToken?: string }
  | { type: "profile"; visitor: Profile }
  | { type: "consent"; accepted: boolean; sessionToken?: string }
  | { type: "control"; userId: string; granted: boolean }
  | { type: "page"; url: string }
  | { type: "viewport"; width: number; height: number }
  | { type: "end"; sessionToken?: string };

export interface VisitorWelcome {
  type: "welcome";
  protocol: 1;
  node: string;
  visitorId?: string;
  visitorToken?: string;
  lookupCode?: string;
}

/** The whole state of a session, as its visitor's page is told it. */
export interface VisitorSession {
  type: "session";
  sessionToken: string;
  status: Status;
  customerToken: string;
  users: User[];
  /** The user who has control. */
  control?: string;
  /** The newest epoch the node has seen: begin above it. */
  epoch?: number;
  endedBy?: EndedBy;
}

/** A point, in CSS pixels from the left and top of the visitor's viewport. */
export interface Point {
  x: number;
  y: number;
}

/** What a viewer does. A visitor's page hears it with the `userId` of who did it. */
export type Gesture =
  | ({ type: "cursor" } & Point)
  | ({ type: "pointer" } & Point)
  | { type: "draw"; points: [number, number][]; color: string; id?: string }
  | { type: "clear" }
  | ControlGesture;

/** What needs control. `node` is the recorder's id of an element; a click's point is relative to it. */
export type ControlGesture =
  | ({ type: "click"; node: number; button?: 0 | 1 | 2 } & Point)
  | { type: "type"; node: number; text: string }
  | { type: "key"; node: number; key: string }
  | ({ type: "scroll"; node?: number } & Point)
  | { type: "redirect"; url: string };

/** A gesture as it reaches the visitor's page. */
export type SeenGesture = Gesture & { userId: string };

export interface RelayError {
  type: "error";
  code: string;
  detail: string;
}

export type ToVisitor =
  | VisitorWelcome
  | { type: "standby" }
  | VisitorSession
  | { type: "controlRequest"; userId: string; name?: string }
  | { type: "snapshotRequest" }
  | SeenGesture
  | RelayError;

export type FromViewer =
  | { type: "hello"; protocol: 1 }
  | Gesture
  | { type: "requestControl" }
  | { type: "releaseControl" }
  | { type: "resync" }
  | { type: "end" };

export interface Permissions {
  allow_click: boolean;
  allow_draw: boolean;
  allow_scroll: boolean;
  allow_type: boolean;
  allow_agent_redirect: boolean;
  allow_console: boolean;
  allow_audio: boolean;
}

/** What a watch link says beside whom to watch. */
export interface LinkTerms {
  branding: { naked: boolean | "page_only"; retry_url?: string; on_end_url?: string };
  metadata?: Record<string, unknown>;
  /** The only origin whose messages the viewer takes. */
  origin?: string;
}

export interface ViewerWelcome {
  type: "welcome";
  protocol: 1;
  node: string;
  sessionToken: string;
  historyId: string;
  userId: string;
  /** Reconnect with it. */
  userToken: string;
  permissions: Permissions;
  link?: LinkTerms;
}

/** The whole state of a session, as a viewer is told it. */
export interface ViewerSession {
  type: "session";
  status: Status;
  users: User[];
  control?: string;
  visitorConnected: boolean;
  /** How long a visitor who dropped has to come back. */
  backInSeconds?: number;
  endedBy?: EndedBy;
}

export type ToViewer =
  | ViewerWelcome
  | ViewerSession
  | { type: "page"; url: string }
  | { type: "viewport"; width: number; height: number }
  | { type: "resync" }
  | { type: "controlDeclined" }
  | RelayError;
