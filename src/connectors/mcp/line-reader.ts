/** Cuts a byte stream into lines, holding at most one unfinished line of bounded size. */
export interface LineReader {
  /**
   * Takes a piece of the stream and calls `onLine` for each line that it completes, without the
   * line break.
   * @returns false once a line is longer than the limit: then nothing more is to be read
   */
  push(chunk: Buffer): boolean;
  /** The unfinished rest, when the stream has ended. */
  rest(): string;
}

const lineFeed = 0x0a;

/** @param limitBytes of one line, without its line break */
export function createLineReader(limitBytes: number, onLine: (line: string) => void): LineReader {
  // Kept in pieces and joined once a line: joining at every piece would be quadratic in its length.
  let pieces: Buffer[] = [];
  let bytes = 0;
  const take = (): string => {
    const line = Buffer.concat(pieces, bytes).toString("utf8");
    pieces = [];
    bytes = 0;
    return line.endsWith("\r") ? line.slice(0, -1) : line;
  };
  const keep = (piece: Buffer): boolean => {
    pieces.push(piece);
    bytes += piece.length;
    return bytes <= limitBytes;
  };
  return {
    push: (chunk) => {
      let start = 0;
      for (let end = chunk.indexOf(lineFeed); end >= 0; end = chunk.indexOf(lineFeed, start)) {
        if (!keep(chunk.subarray(start, end))) return false;
        onLine(take());
        start = end + 1;
      }
      return start === chunk.length || keep(chunk.subarray(start));
    },
    rest: take,
  };
}
