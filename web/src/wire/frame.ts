/** Binary frames: the 16-byte header of docs/relay-protocol.md, and a payload of ours. */

export const KIND = { snapshot: 1, delta: 2, volatile: 3 } as const;
export type Kind = (typeof KIND)[keyof typeof KIND];

/** Bytes before the payload. */
export const HEADER_BYTES = 16;
/** Largest snapshot, delta and volatile frame, header included. */
export const FRAME_BYTES = { 1: 4 << 20, 2: 1 << 20, 3: 16 << 10 } as const satisfies Record<
  Kind,
  number
>;

const COMPRESSED = 1;

export interface Header {
  kind: Kind;
  compressed: boolean;
  epoch: number;
  sequence: number;
}

export interface Frame extends Header {
  payload: Uint8Array<ArrayBuffer>;
}

/** One frame: header and payload in one buffer. */
export function encode(header: Header, payload: Uint8Array): Uint8Array<ArrayBuffer> {
  const frame = new Uint8Array(HEADER_BYTES + payload.length);
  const view = new DataView(frame.buffer);
  view.setUint8(0, header.kind);
  view.setUint8(1, header.compressed ? COMPRESSED : 0);
  view.setUint32(4, header.epoch);
  view.setBigUint64(8, BigInt(header.sequence));
  frame.set(payload, HEADER_BYTES);
  return frame;
}

/** The frame that a socket delivered; undefined for what is none. */
export function decode(data: ArrayBuffer): Frame | undefined {
  if (data.byteLength < HEADER_BYTES) return undefined;
  const view = new DataView(data);
  const kind = view.getUint8(0);
  if (kind !== KIND.snapshot && kind !== KIND.delta && kind !== KIND.volatile) return undefined;
  return {
    kind,
    compressed: (view.getUint8(1) & COMPRESSED) !== 0,
    epoch: view.getUint32(4),
    sequence: Number(view.getBigUint64(8)),
    payload: new Uint8Array(data, HEADER_BYTES),
  };
}
