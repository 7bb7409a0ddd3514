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
 * A fetch whose answers end with an error where they are longer than the limit: for libraries that
 * read answers themselves, as far as they go.
 */
export function limitedFetch(governed: EgressFetch, limitBytes: number, who: string): EgressFetch {
  return async (input, init) => {
    const response = await governed(input, init);
    if (response.body === null) return response;
    let length = 0;
    const counting = new TransformStream<Uint8Array, Uint8Array>({
      transform: (piece, controller) => {
        length += piece.length;
        if (length > limitBytes) controller.error(tooLong(who, limitBytes));
        else controller.enqueue(piece);
      },
    });
    const { status, statusText, headers } = response;
    return new Response(response.body.pipeThrough(counting), { status, statusText, headers });
  };
}

function tooLong(who: string, limitBytes: number): BoundaryError {
  return new BoundaryError(
    "invalid_response",
    `${who} answered with more than ${limitBytes} bytes.`,
  );
}
