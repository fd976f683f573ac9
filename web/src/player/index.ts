/** baton-player: stream sessions of a Baton cluster, for players in browsers. */
export { type DriscOptions, drisc } from "./drisc.ts";
export { BatonError, type OwnCode } from "./error.ts";
export { type DeviceIdOptions, rememberedDeviceId } from "./keep.ts";
export { type MediaPlaySessionsOptions, mediaPlaySessions } from "./media.ts";
export type {
  ActiveSession,
  CommonOptions,
  FailedState,
  IdleState,
  LimitedState,
  PlayerSession,
  PlayingState,
  RequestingState,
  SessionEvents,
  SessionStore,
  State,
  StoppedState,
  TakenOverState,
  TerminatedState,
  UntrackedState,
  WireLine,
} from "./session.ts";
