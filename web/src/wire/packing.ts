/**
 * What a frame's payload is: a JSON list of rrweb events, in UTF-8, deflated if it is large.
 *
 * Nodes have no permessage-deflate, and relay payloads as they are: the browser compresses itself.
 */
import type { eventWithTime } from "@rrweb/types";

/** From here on compressing is worth its time: below, a stream costs more than the bytes it saves. */
const COMPRESS_FROM_BYTES = 32 * 1024;
const FORMAT = "deflate-raw";

export interface Packed {
  bytes: Uint8Array;
  compressed: boolean;
}

export async function pack(events: eventWithTime[]): Promise<Packed> {
  const bytes = new TextEncoder().encode(JSON.stringify(events));
  if (bytes.length < COMPRESS_FROM_BYTES || typeof CompressionStream === "undefined") {
    return { bytes, compressed: false };
  }
  return { bytes: await through(bytes, new CompressionStream(FORMAT)), compressed: true };
}

export async function unpack(
  bytes: Uint8Array<ArrayBuffer>,
  compressed: boolean,
): Promise<eventWithTime[]> {
  const plain = compressed ? await through(bytes, new DecompressionStream(FORMAT)) : bytes;
  return JSON.parse(new TextDecoder().decode(plain));
}

async function through(
  bytes: Uint8Array<ArrayBuffer>,
  stream: CompressionStream | DecompressionStream,
): Promise<Uint8Array> {
  const readable = new Blob([bytes]).stream().pipeThrough(stream);
  return new Uint8Array(await new Response(readable).arrayBuffer());
}
