import { createHash } from "node:crypto";
import { closeSync, constants, fstatSync, openSync, readSync, writeSync } from "node:fs";
import { systemCodeOf } from "../../base/errors.ts";
import { dataBytes, parityBytes } from "./galois.ts";
import { parityFor, parityOf, putRight } from "./parity.ts";

/**
 * The parity of a file that grows at its end: a record for each block of it, the last of which is
 * written anew until its block is full. Four kilobytes that a disk loses are within what one block
 * can be put right of.
 */
export const blockBytes = 128 * 1024;
const words = Math.ceil(blockBytes / dataBytes);
/** Of how many bytes of the block it is, three times, as nothing else protects that. */
const lengths = 3;
const sumBytes = 32;
const headerBytes = 4 * lengths + sumBytes;
const recordBytes = headerBytes + words * parityBytes;

/**
 * Brings the parity of a file up to its end. Others may write to the file and to its parity: a
 * record of less than what is there is written again by whoever comes next.
 * @param from blocks that are known to be done
 * @returns how many are done for good
 */
export function protect(path: string, from: number): number {
  const data = openIf(path);
  if (data === undefined) return from;
  try {
    const flags = constants.O_RDWR | constants.O_CREAT;
    const parity = openSync(parityOf(path), flags, 0o600);
    try {
      return protectBlocks(data, parity, from);
    } finally {
      closeSync(parity);
    }
  } finally {
    closeSync(data);
  }
}

function protectBlocks(data: number, parity: number, from: number): number {
  const { size } = fstatSync(data);
  let done = from;
  for (let block = from; block * blockBytes < size; block += 1) {
    const bytes = Math.min(blockBytes, size - block * blockBytes);
    if (lengthIn(readAt(parity, block * recordBytes, headerBytes)) !== bytes) {
      const record = recordOf(readAt(data, block * blockBytes, bytes));
      for (let at = 0; at < recordBytes; ) {
        at += writeSync(parity, record, at, recordBytes - at, block * recordBytes + at);
      }
    }
    if (bytes === blockBytes && done === block) done += 1;
  }
  return done;
}

function recordOf(block: Buffer): Buffer {
  const record = Buffer.alloc(recordBytes);
  for (let copy = 0; copy < lengths; copy += 1) record.writeUInt32BE(block.length, 4 * copy);
  sumOf(block).copy(record, 4 * lengths);
  parityFor(block, words).copy(record, headerBytes);
  return record;
}

/** The bytes of a file, block by block, with what is wrong put right as far as its parity can. */
export function* healedBlocks(path: string): Generator<Buffer> {
  const data = openSync(path, "r");
  try {
    const parity = openIf(parityOf(path));
    try {
      const { size } = fstatSync(data);
      for (let block = 0; block * blockBytes < size; block += 1) {
        const bytes = Math.min(blockBytes, size - block * blockBytes);
        const found = readAt(data, block * blockBytes, bytes);
        if (parity !== undefined)
          healBlock(found, readAt(parity, block * recordBytes, recordBytes));
        yield found;
      }
    } finally {
      if (parity !== undefined) closeSync(parity);
    }
  } finally {
    closeSync(data);
  }
}

/** What is behind the part of a block that its record is of was written since. */
function healBlock(block: Buffer, record: Buffer): void {
  const length = lengthIn(record);
  if (length === undefined || length > block.length || record.length < recordBytes) return;
  const part = block.subarray(0, length);
  if (sumOf(part).equals(record.subarray(4 * lengths, headerBytes))) return;
  putRight(part, record.subarray(headerBytes), words);
}

/** The length that two of three say. */
function lengthIn(record: Buffer): number | undefined {
  if (record.length < headerBytes) return undefined;
  const said = Array.from({ length: lengths }, (_, copy) => record.readUInt32BE(4 * copy));
  return said.find((one, at) => said.indexOf(one) !== at);
}

function sumOf(bytes: Buffer): Buffer {
  return createHash("sha256").update(bytes).digest();
}

function openIf(path: string): number | undefined {
  try {
    return openSync(path, "r");
  } catch (error) {
    if (systemCodeOf(error) === "ENOENT") return undefined;
    throw error;
  }
}

/** What a file has at a place; less than was asked for at its end. */
function readAt(file: number, at: number, bytes: number): Buffer {
  const into = Buffer.alloc(bytes);
  let done = 0;
  while (done < bytes) {
    const read = readSync(file, into, done, bytes - done, at + done);
    if (read === 0) break;
    done += read;
  }
  return into.subarray(0, done);
}
