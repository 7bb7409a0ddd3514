import { BoundaryError } from "../../boundary/errors.ts";
import type { EgressFetch } from "../../boundary/hands.ts";

/** As much of an answer as was wanted. */
export interface Body {
  readonly bytes: Uint8Array;
  /** Whether more came than was wanted; what follows was not read. */
  readonly cut: boolean;
}

/** Reads an answer up to a limit, and lets go of the rest: what a server sends can be endless. */
export async function readBody(response: Response, limitBytes: number): Promise<Body> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  for await (const piece of response.body ?? []) {
    const room = limitBytes - length;
    pieces.push(piece.length > room ? piece.subarray(0, room) : piece);
    length += piece.length;
    if (length > limitBytes) break;
  }
  return { bytes: Buffer.concat(pieces), cut: length > limitBytes };
}

/**
 * An answer that must be whole to mean anything.
 * @throws BoundaryError `boundary.invalid_response` where it is longer than the limit
 */
export async function readWholeBody(
  response: Response,
  limitBytes: number,
  who: string,
): Promise<Uint8Array> {
  const { bytes, cut } = await readBody(response, limitBytes);
  if (!cut) return bytes;
  throw tooLong(who, limitBytes);
}

/**
 * A fetch for libraries that read answers to their end: reading one that is longer than the limit
 * fails with `boundary.invalid_response`.
 */
export function limitedFetch(ask: EgressFetch, limitBytes: number, who: string): EgressFetch {
  return async (input, init) => {
    const response = await ask(input, init);
    if (response.body === null) return response;
    const { status, statusText, headers } = response;
    const body = response.body.pipeThrough(limit(limitBytes, who));
    return new Response(body, { status, statusText, headers });
  };
}

function limit(limitBytes: number, who: string): TransformStream<Uint8Array, Uint8Array> {
  let length = 0;
  return new TransformStream({
    transform: (piece, controller) => {
      length += piece.length;
      if (length > limitBytes) controller.error(tooLong(who, limitBytes));
      else controller.enqueue(piece);
    },
  });
}

function tooLong(who: string, limitBytes: number): BoundaryError {
  return new BoundaryError(
    "invalid_response",
    `${who} answered with more than ${limitBytes} bytes.`,
  );
}
