/** Collects what a command writes; of much of it the beginning and the end are kept. */
export interface OutputCapture {
  push(chunk: Uint8Array): void;
  /** What was kept, as text; where something is left out, a line says how much. */
  text(): string;
  readonly truncated: boolean;
}

/**
 * The beginning of an output says what was done, its end how it went: half of the limit each.
 * @param limitBytes the most that is kept
 */
export function createOutputCapture(limitBytes: number): OutputCapture {
  const headLimit = Math.ceil(limitBytes / 2);
  const tailLimit = limitBytes - headLimit;
  const head: Buffer[] = [];
  const tail: Buffer[] = [];
  let headBytes = 0;
  let tailBytes = 0;
  let droppedBytes = 0;

  const keepEnd = (chunk: Buffer): void => {
    tail.push(chunk);
    tailBytes += chunk.length;
    while (tailBytes > tailLimit) {
      const first = tail.shift();
      if (first === undefined) break;
      const excess = Math.min(tailBytes - tailLimit, first.length);
      if (excess < first.length) tail.unshift(first.subarray(excess));
      tailBytes -= excess;
      droppedBytes += excess;
    }
  };

  return {
    push: (chunk) => {
      const room = Math.min(headLimit - headBytes, chunk.length);
      if (room > 0) {
        head.push(Buffer.from(chunk.subarray(0, room)));
        headBytes += room;
      }
      if (room < chunk.length) keepEnd(Buffer.from(chunk.subarray(room)));
    },
    text: () => {
      const beginning = Buffer.concat(head);
      const end = Buffer.concat(tail);
      if (droppedBytes === 0) return Buffer.concat([beginning, end]).toString("utf8");
      const headEnd = wholeCharacters(beginning);
      const tailStart = nextCharacter(end);
      const missing = droppedBytes + (beginning.length - headEnd) + tailStart;
      const first = beginning.toString("utf8", 0, headEnd);
      return `${first}\n[${missing} bytes are left out here]\n${end.toString("utf8", tailStart)}`;
    },
    get truncated() {
      return droppedBytes > 0;
    },
  };
}

/** UTF-8 (RFC 3629): continuation bytes are 10xxxxxx; a character has at most 3 of them. */
const isContinuation = (byte: number | undefined): boolean => ((byte ?? 0) & 0xc0) === 0x80;

/** Where the last character begins, if the cut went through it; otherwise the end. */
function wholeCharacters(bytes: Buffer): number {
  let start = bytes.length - 1;
  while (start > bytes.length - 4 && isContinuation(bytes[start])) start -= 1;
  const lead = bytes[start] ?? 0;
  const length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1;
  return start >= 0 && start + length > bytes.length ? start : bytes.length;
}

/** Where the first whole character begins. */
function nextCharacter(bytes: Buffer): number {
  let start = 0;
  while (start < 3 && isContinuation(bytes[start])) start += 1;
  return start;
}
