const lineFeed = 0x0a;

/**
 * A response whose body fails once one message in it is over the limit: the whole body of a JSON
 * answer, one line of an event stream, which has no end of its own.
 */
export function limitMessages(
  response: Response,
  limitBytes: number,
  tooLarge: () => Error,
): Response {
  if (response.body === null) return response;
  const inLines = response.headers.get("content-type")?.startsWith("text/event-stream") === true;
  let bytes = 0;
  const counting = new TransformStream<Uint8Array, Uint8Array>({
    transform: (chunk, controller) => {
      const last = inLines ? chunk.lastIndexOf(lineFeed) : -1;
      bytes = last === -1 ? bytes + chunk.length : chunk.length - last - 1;
      if (bytes > limitBytes) controller.error(tooLarge());
      else controller.enqueue(chunk);
    },
  });
  const { status, statusText, headers } = response;
  return new Response(response.body.pipeThrough(counting), { status, statusText, headers });
}
