import type { SealedValue } from "../seals/seal.ts";

/** A number of SQLite's variable length, and where it ends. */
export interface Varint {
  readonly value: number;
  readonly end: number;
}

/** Reads a varint; undefined where there is none, or one that no sound row has. */
export function varintAt(bytes: Buffer, at: number): Varint | undefined {
  let value = 0;
  for (let index = 0; index < 8; index += 1) {
    const byte = bytes[at + index];
    if (byte === undefined) return undefined;
    value = value * 128 + (byte & 0x7f);
    if (byte < 0x80)
      return Number.isSafeInteger(value) ? { value, end: at + index + 1 } : undefined;
  }
  return undefined;
}

/** What the header of a record says: the serial type of each column, and where the values begin. */
export interface RecordHeader {
  readonly types: readonly number[];
  readonly body: number;
  /** Bytes of the values. */
  readonly length: number;
}

/** Reads a record's header (https://sqlite.org/fileformat2.html#record_format). */
export function recordHeaderAt(bytes: Buffer, at: number): RecordHeader | undefined {
  const size = varintAt(bytes, at);
  if (size === undefined || size.value > bytes.length - at || size.value < 2) return undefined;
  const body = at + size.value;
  const types: number[] = [];
  let length = 0;
  let place = size.end;
  while (place < body) {
    const type = varintAt(bytes, place);
    if (type === undefined || type.value === 10 || type.value === 11) return undefined;
    types.push(type.value);
    length += lengthOf(type.value);
    place = type.end;
  }
  return place === body ? { types, body, length } : undefined;
}

/** Reads the values of a record. */
export function valuesOf(bytes: Buffer, { types, body }: RecordHeader): readonly SealedValue[] {
  let place = body;
  return types.map((type) => {
    const from = place;
    place += lengthOf(type);
    return valueAt(bytes, type, from, place);
  });
}

/** Bytes of a value, by its serial type; the first ones are numbers and nothing. */
const lengths = [0, 1, 2, 3, 4, 6, 8, 8, 0, 0] as const;

function lengthOf(type: number): number {
  return type < 12 ? (lengths[type] ?? 0) : Math.floor((type - 12) / 2);
}

function valueAt(bytes: Buffer, type: number, from: number, to: number): SealedValue {
  if (type === 0) return null;
  if (type === 8 || type === 9) return type - 8;
  if (type === 7) return bytes.readDoubleBE(from);
  if (type < 6) return bytes.readIntBE(from, to - from);
  if (type === 6) {
    const value = bytes.readBigInt64BE(from);
    return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  }
  return type % 2 === 0 ? bytes.subarray(from, to) : bytes.toString("utf8", from, to);
}
