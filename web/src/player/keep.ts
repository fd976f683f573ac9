/** What outlives a reload: the session, in the tab's storage, and the device's id, in the browser's. */
import { members, parsed } from "./json.ts";
import type { SessionStore } from "./session.ts";
import { uuid } from "./uuid.ts";

/**
 * One value in a storage. Storages may be absent or full, or throw: then nothing is kept.
 * @internal
 */
export class Keep {
  readonly #storage: SessionStore | undefined;
  readonly #key: string;

  /** `storage`: undefined is sessionStorage, null is none. */
  constructor(storage: SessionStore | null | undefined, key: string) {
    this.#storage = storage === undefined ? tabStorage() : (storage ?? undefined);
    this.#key = key;
  }

  read(): Record<string, unknown> | undefined {
    const text = attempt(() => this.#storage?.getItem(this.#key));
    return text ? members(parsed(text)) : undefined;
  }

  write(value: object): void {
    attempt(() => this.#storage?.setItem(this.#key, JSON.stringify(value)));
  }

  remove(): void {
    attempt(() => this.#storage?.removeItem(this.#key));
  }
}

/** Where `rememberedDeviceId` keeps the id. */
export interface DeviceIdOptions {
  /** Default: localStorage. */
  storage?: SessionStore;
  /** Default: `baton-player.device`. */
  key?: string;
}

/**
 * An id of this browser, made up once and kept: for `deviceId`. Where it cannot be kept it is another
 * one each time.
 */
export function rememberedDeviceId(options: DeviceIdOptions = {}): string {
  const storage = options.storage ?? attempt(() => globalThis.localStorage);
  const key = options.key ?? "baton-player.device";
  const known = attempt(() => storage?.getItem(key));
  if (known) return known;
  const made = uuid();
  attempt(() => storage?.setItem(key, made));
  return made;
}

/** Reading the property alone throws where the browser blocks storage. */
function tabStorage(): SessionStore | undefined {
  return attempt(() => globalThis.sessionStorage);
}

function attempt<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch {
    return undefined;
  }
}
