/** How much of a command's output is kept, in bytes. */
export const outputLimitBytes = 64 * 1024;

/** Collects output and keeps its end: what a failing command says last explains the failure. */
export interface OutputTail {
  push(chunk: Uint8Array): void;
  /** The kept end as text; its first line says how much is missing before it, if anything is. */
  text(): string;
}

/** @param limitBytes the most that is kept */
export function outputTail(limitBytes: number = outputLimitBytes): OutputTail {
  const chunks: Buffer[] = [];
  let keptBytes = 0;
  let droppedBytes = 0;
  return {
    push: (chunk) => {
      chunks.push(Buffer.from(chunk));
      keptBytes += chunk.length;
      while (keptBytes > limitBytes) {
        const first = chunks.shift();
        if (first === undefined) break;
        const excess = Math.min(keptBytes - limitBytes, first.length);
        if (excess < first.length) chunks.unshift(first.subarray(excess));
        keptBytes -= excess;
        droppedBytes += excess;
      }
    },
    text: () => {
      const kept = Buffer.concat(chunks);
      if (droppedBytes === 0) return kept.toString("utf8");
      // The cut may have gone through a character: UTF-8 continuation bytes are 10xxxxxx.
      let start = 0;
      while (start < 3 && ((kept[start] ?? 0) & 0xc0) === 0x80) start += 1;
      return `[${droppedBytes + start} bytes before this are left out]\n${kept.subarray(start).toString("utf8")}`;
    },
  };
}
