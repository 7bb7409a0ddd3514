/**
 * What somebody writes piece by piece, as a stream that others read. A piece is taken when there is
 * room for it; what fails breaks the stream off, and a reader who goes ends the writing.
 */
export function pushedText(
  write: (out: (text: string) => Promise<void>) => Promise<unknown>,
): ReadableStream<string> {
  const { readable, writable } = new TransformStream<string, string>();
  const writer = writable.getWriter();
  write((text) => writer.write(text))
    .then(
      () => writer.close(),
      (error: unknown) => writer.abort(error),
    )
    // The reader has gone already, and nobody is left to be told.
    .catch(() => undefined);
  return readable;
}
