/**
 * What a frame's payload is: a JSON list of rrweb events, in UTF-8, deflated if it is large.
 *
 * Nodes have no permessage-deflate, and relay payloads as they are: the browser compresses itself.
 */
import type { eventWithTime } from "@rrweb/types";

/** From here on compressing is worth its time: below, a stream costs more than the bytes it saves. */
const COMPRESS_FROM_BYTES = 32 * 1024;
const FORMAT = "deflate-raw";
/**
 * Inflated bytes of a frame at most. Deflate packs a thousand to one: a frame of any size may be made to
 * fill an agent's memory. Pages of more could hardly be parsed and built anyway.
 */
export const INFLATED_MOST = 64 * 1024 * 1024;
/** Bytes inflated at a time: some 16 MiB of output at most, which cannot be stopped before it is there. */
const SLICE_BYTES = 16 * 1024;

export interface Packed {
  bytes: Uint8Array;
  compressed: boolean;
}

export async function pack(events: eventWithTime[]): Promise<Packed> {
  const bytes = new TextEncoder().encode(JSON.stringify(events));
  if (bytes.length < COMPRESS_FROM_BYTES || typeof CompressionStream === "undefined") {
    return { bytes, compressed: false };
  }
  const deflated = new Blob([bytes]).stream().pipeThrough(new CompressionStream(FORMAT));
  return { bytes: new Uint8Array(await new Response(deflated).arrayBuffer()), compressed: true };
}

/** The events of a payload; throws where they are none, or too many bytes. */
export async function unpack(
  bytes: Uint8Array<ArrayBuffer>,
  compressed: boolean,
): Promise<eventWithTime[]> {
  return JSON.parse(compressed ? await inflate(bytes) : new TextDecoder().decode(bytes));
}

async function inflate(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const inflated = inSlices(bytes).pipeThrough(new DecompressionStream(FORMAT));
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let size = 0;
  const reader = inflated.getReader();
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    size += part.value.length;
    if (size > INFLATED_MOST) {
      await reader.cancel();
      throw new RangeError("the frame inflates to too many bytes");
    }
    parts.push(part.value);
  }
  return new Blob(parts).text();
}

/** Bytes that are given only as they are asked for. */
function inSlices(bytes: Uint8Array<ArrayBuffer>): ReadableStream<Uint8Array<ArrayBuffer>> {
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at < bytes.length) controller.enqueue(bytes.subarray(at, at + SLICE_BYTES));
      else controller.close();
      at += SLICE_BYTES;
    },
  });
}
