import { createSocket } from "node:dgram";
import { createServer, isIPv6 } from "node:net";

/** What a name answers: addresses of either family, or `cname:other.name` before them. */
export type Answer = readonly string[];

/** Names and their answers; several answers are given in turn, the last one for ever. */
export type Zone = Map<string, readonly Answer[]>;

const types = { a: 1, cname: 5, aaaa: 28 } as const;
/** Longest answer over UDP; a longer one must be asked for over TCP (RFC 1035, 4.2.1). */
const longestDatagram = 512;

export interface NameServer {
  /** Forgets what was asked: every name begins with its first answer again. */
  reset(): void;
  close(): void;
}

/** A name server for tests (RFC 1035), with answers that change from question to question. */
export async function startNames(zone: Zone, address: string): Promise<NameServer> {
  const asked = new Map<string, number>();
  const answer = (query: Buffer): Buffer => {
    const { name, type, end } = questionOf(query);
    const key = `${name} ${type}`;
    const turn = asked.get(key) ?? 0;
    asked.set(key, turn + 1);
    const records: Buffer[] = [];
    const known = follow(zone, name, turn, (from, to) => {
      records.push(record(from, types.cname, encodeName(to)));
    });
    for (const { owner, value } of known ?? []) {
      const family = isIPv6(value) ? types.aaaa : types.a;
      if (family === type) records.push(record(owner, family, encodeAddress(value)));
    }
    const head = Buffer.alloc(12);
    query.copy(head, 0, 0, 2);
    head.writeUInt16BE(known === undefined ? 0x8183 : 0x8180, 2);
    head.writeUInt16BE(1, 4);
    head.writeUInt16BE(records.length, 6);
    return Buffer.concat([head, query.subarray(12, end), ...records]);
  };

  const datagrams = createSocket("udp4");
  datagrams.on("message", (query, { port, address: from }) => {
    const whole = answer(query);
    const short = whole.length > longestDatagram ? truncated(whole, questionOf(query).end) : whole;
    datagrams.send(short, port, from);
  });
  const streams = createServer((socket) => {
    let given = Buffer.alloc(0);
    socket.on("error", () => socket.destroy());
    socket.on("data", (chunk) => {
      given = Buffer.concat([given, chunk]);
      while (given.length >= 2 && given.length >= 2 + given.readUInt16BE(0)) {
        const length = given.readUInt16BE(0);
        const whole = answer(given.subarray(2, 2 + length));
        given = given.subarray(2 + length);
        const size = Buffer.alloc(2);
        size.writeUInt16BE(whole.length);
        socket.write(Buffer.concat([size, whole]));
      }
    });
  });
  await new Promise<void>((resolve) => datagrams.bind(53, address, resolve));
  await new Promise<void>((resolve) => streams.listen(53, address, resolve));
  return {
    reset: () => asked.clear(),
    close: () => {
      datagrams.close();
      streams.close();
    },
  };
}

/** The addresses at the end of a chain of names. */
function follow(
  zone: Zone,
  name: string,
  turn: number,
  onAlias: (from: string, to: string) => void,
): readonly { readonly owner: string; readonly value: string }[] | undefined {
  const answers = zone.get(name);
  if (answers === undefined) return undefined;
  const values = answers[Math.min(turn, answers.length - 1)] ?? [];
  const alias = values.find((value) => value.startsWith("cname:"))?.slice("cname:".length);
  if (alias === undefined) return values.map((value) => ({ owner: name, value }));
  onAlias(name, alias);
  return follow(zone, alias, turn, onAlias);
}

function questionOf(query: Buffer): { name: string; type: number; end: number } {
  const labels: string[] = [];
  let at = 12;
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    labels.push(query.toString("latin1", at + 1, at + 1 + length));
    at += 1 + length;
  }
  return { name: labels.join(".").toLowerCase(), type: query.readUInt16BE(at + 1), end: at + 5 };
}

function record(owner: string, type: number, data: Buffer): Buffer {
  const middle = Buffer.alloc(10);
  middle.writeUInt16BE(type, 0);
  middle.writeUInt16BE(1, 2);
  middle.writeUInt16BE(data.length, 8);
  return Buffer.concat([encodeName(owner), middle, data]);
}

function truncated(whole: Buffer, end: number): Buffer {
  const short = Buffer.from(whole.subarray(0, end));
  short.writeUInt16BE(short.readUInt16BE(2) | 0x0200, 2);
  short.writeUInt16BE(0, 6);
  return short;
}

function encodeName(name: string): Buffer {
  const labels = name.split(".").filter((label) => label !== "");
  const parts = labels.map((label) =>
    Buffer.concat([Buffer.from([label.length]), Buffer.from(label)]),
  );
  return Buffer.concat([...parts, Buffer.from([0])]);
}

function encodeAddress(address: string): Buffer {
  if (!isIPv6(address)) return Buffer.from(address.split(".").map(Number));
  const dotted = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(address);
  const plain =
    dotted === null
      ? address
      : `${dotted[1]}${pair(dotted[2], dotted[3])}:${pair(dotted[4], dotted[5])}`;
  const [head = "", tail] = plain.split("::");
  const read = (text: string) => text.split(":").filter((part) => part !== "");
  const [before, after] = [read(head), read(tail ?? "")];
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => "0");
  const bytes = Buffer.alloc(16);
  for (const [at, part] of [...before, ...zeros, ...after].entries()) {
    bytes.writeUInt16BE(Number.parseInt(part, 16), at * 2);
  }
  return bytes;
}

function pair(high: string | undefined, low: string | undefined): string {
  return (Number(high) * 256 + Number(low)).toString(16);
}
