import type { StreamItem } from "./route.ts";

const encoder = new TextEncoder();
/** What goes to many readers is encoded once. */
const encoded = new WeakMap<StreamItem, Uint8Array>();

/**
 * Server-sent events as a response has them (WHATWG HTML, section 9.2). Nothing is made before the
 * other side has taken what came before it; when it goes, the source is ended.
 */
export function eventStream(items: AsyncIterable<StreamItem>): ReadableStream<Uint8Array> {
  const source = items[Symbol.asyncIterator]();
  return new ReadableStream<Uint8Array>(
    {
      pull: async (controller) => {
        const { done, value } = await source.next();
        if (done === true) controller.close();
        else controller.enqueue(bytesOf(value));
      },
      cancel: async () => {
        await source.return?.();
      },
    },
    { highWaterMark: 0 },
  );
}

function bytesOf(item: StreamItem): Uint8Array {
  const known = encoded.get(item);
  if (known !== undefined) return known;
  const bytes = encoder.encode(textOf(item));
  encoded.set(item, bytes);
  return bytes;
}

function textOf(item: StreamItem): string {
  if ("comment" in item) return `: ${item.comment}\n\n`;
  const id = item.id === undefined ? "" : `id: ${item.id}\n`;
  // JSON has no line breaks of its own outside of strings, and there they are escaped.
  return `${id}event: ${item.event}\ndata: ${item.data}\n\n`;
}
