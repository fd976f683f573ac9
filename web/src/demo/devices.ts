/** The devices of this tab: what each is, and the list that outlives a reload. */

export const KINDS = ["tv", "phone", "tablet", "laptop"] as const;
export type Kind = (typeof KINDS)[number];

/** A device of the customer's. The id begins with its kind, so that any page can tell what it is. */
export interface Device {
  id: string;
  kind: Kind;
  name: string;
}

/** What a household starts with, and what is added is called. */
const NAMES: Record<Kind, string[]> = {
  tv: ["Living room TV", "Bedroom TV", "Kitchen TV"],
  phone: ["Phone", "Anna’s phone", "Old phone"],
  tablet: ["Tablet", "Kids’ tablet"],
  laptop: ["Hotel laptop", "Work laptop"],
};

export class Devices {
  readonly #key: string;
  #all: Device[];

  /** Another customer has other devices. A duplicated tab has the same: it is the same device twice. */
  constructor(customer: string) {
    this.#key = `baton.demo.devices.${customer}`;
    this.#all = this.#stored();
    if (this.#all.length === 0)
      for (const kind of ["tv", "phone", "laptop"] as const) this.add(kind);
  }

  get all(): readonly Device[] {
    return this.#all;
  }

  add(kind: Kind): Device {
    const taken = new Set(this.#all.map(({ name }) => name));
    const [first = kind, ...others] = NAMES[kind];
    const numbered = Array.from({ length: taken.size + 1 }, (_, index) => `${first} ${index + 2}`);
    const name = [first, ...others, ...numbered].find((name) => !taken.has(name)) ?? first;
    const random = crypto.getRandomValues(new Uint32Array(2));
    const id = `${kind}-${Array.from(random, (part) => part.toString(36)).join("")}`;
    const device = { id, kind, name };
    this.#all = [...this.#all, device];
    this.#store();
    return device;
  }

  remove(id: string): void {
    this.#all = this.#all.filter((device) => device.id !== id);
    this.#store();
  }

  #stored(): Device[] {
    return JSON.parse(sessionStorage.getItem(this.#key) ?? "[]");
  }

  #store(): void {
    sessionStorage.setItem(this.#key, JSON.stringify(this.#all));
  }
}

/** What kind of device a session is of, by its device id; undefined where it is not of this demo. */
export function kindOf(deviceId: string | undefined): Kind | undefined {
  return KINDS.find((kind) => deviceId?.startsWith(`${kind}-`));
}
