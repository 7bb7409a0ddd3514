import { closeSync, existsSync, openSync, readSync } from "node:fs";

const headerBytes = 32;
const frameHeaderBytes = 24;
/** Checksums over words of this machine's usual order; the other one has the last bit set. */
const magic = 0x377f0682;

/**
 * Whether a write-ahead log has transactions behind a frame whose checksum does not hold. SQLite
 * takes such a frame for the end of the log and forgets what comes after, without a word. A cut of
 * the power leaves at most one such transaction, the last, which nobody was told had happened; two
 * are damage. Nobody may write to the log meanwhile.
 */
export function isWalDamaged(walPath: string): boolean {
  if (!existsSync(walPath)) return false;
  const handle = openSync(walPath, "r");
  try {
    const header = Buffer.alloc(headerBytes);
    if (readSync(handle, header, 0, headerBytes, 0) < headerBytes) return false;
    const little = header.readUInt32BE(0) === magic;
    const pageSize = header.readUInt32BE(8);
    const isHeader = little || header.readUInt32BE(0) === magic + 1;
    const sound = isHeader && pageSize >= 512 && pageSize <= 65_536;
    const frame = Buffer.alloc(frameHeaderBytes + (sound ? pageSize : 4096));
    let sums = sumOf(header.subarray(0, 24), little, [0, 0]);
    let whole = sound && holds(sums, header, 24);
    // A damaged header's salts say nothing; the first frame has the same.
    let salts = whole ? header.toString("hex", 16, 24) : undefined;
    let commitsBehind = 0;
    for (let at = headerBytes; ; at += frame.length) {
      if (readSync(handle, frame, 0, frame.length, at) < frame.length) return commitsBehind > 1;
      salts ??= frame.toString("hex", 8, 16);
      const current = frame.toString("hex", 8, 16) === salts;
      if (whole) {
        sums = sumOf(frame.subarray(0, 8), little, sums);
        sums = sumOf(frame.subarray(frameHeaderBytes), little, sums);
        whole = current && holds(sums, frame, 16);
      }
      if (!whole && current && frame.readUInt32BE(4) !== 0) commitsBehind += 1;
    }
  } finally {
    closeSync(handle);
  }
}

type Sums = readonly [number, number];

/** https://sqlite.org/fileformat2.html#checksum_algorithm */
function sumOf(bytes: Buffer, little: boolean, before: Sums): Sums {
  let [one, other] = before;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at < view.byteLength; at += 8) {
    one = (one + view.getUint32(at, little) + other) >>> 0;
    other = (other + view.getUint32(at + 4, little) + one) >>> 0;
  }
  return [one, other];
}

function holds([one, other]: Sums, bytes: Buffer, at: number): boolean {
  return bytes.readUInt32BE(at) === one && bytes.readUInt32BE(at + 4) === other;
}
