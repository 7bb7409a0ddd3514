import { existsSync, readFileSync } from "node:fs";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { seccompFilter } from "./seccomp.ts";
import {
  cloneCall,
  deniedCalls,
  firstUnknownNumber,
  modeCalls,
  openingCalls,
  socketCalls,
  unseenCalls,
} from "./seccomp-syscalls.ts";

const allow = 0x7fff_0000;
const kill = 0x8000_0000;
const notPermitted = 0x0005_0001;
const notImplemented = 0x0005_0026;
const x64 = 0xc000_003e;
const arm64 = 0xc000_00b7;

interface CallData {
  readonly arch: number;
  readonly nr: number;
  readonly args: readonly bigint[];
}

/** Runs a filter as the kernel does: an interpreter of the five instructions that it uses. */
function verdict(program: Uint8Array, { arch, nr, args }: CallData): number {
  const code = Buffer.from(program);
  const data = Buffer.alloc(64);
  data.writeUInt32LE(nr, 0);
  data.writeUInt32LE(arch, 4);
  for (const [index, value] of args.entries()) data.writeBigUInt64LE(value, 16 + 8 * index);
  let accumulator = 0;
  for (let at = 0; at < code.length / 8; at += 1) {
    const [op, ifTrue, ifFalse] = [0, 2, 3].map((offset) => code[at * 8 + offset] ?? 0);
    const value = code.readUInt32LE(at * 8 + 4);
    if (op === 0x20) accumulator = data.readUInt32LE(value);
    else if (op === 0x06) return value;
    else {
      const holds =
        op === 0x15
          ? accumulator === value
          : op === 0x35
            ? accumulator >= value
            : op === 0x45
              ? (accumulator & value) !== 0
              : undefined;
      if (holds === undefined) throw new Error(`unknown instruction ${op}`);
      at += (holds ? ifTrue : ifFalse) ?? 0;
    }
  }
  throw new Error("the filter ends without a verdict");
}

const filterOf = (architecture: "x64" | "arm64"): Uint8Array => {
  const filter = seccompFilter(architecture);
  if (filter === undefined) throw new Error(`no filter for ${architecture}`);
  return filter;
};
/** Every call that the filter knows. */
const calls = [
  ...deniedCalls,
  ...socketCalls,
  ...modeCalls,
  cloneCall,
  ...unseenCalls,
  ...openingCalls,
];
const numberOf = (name: string, architecture: "x64" | "arm64"): number => {
  const number = calls.find((call) => call.name === name)?.[architecture];
  if (number === undefined || number === null) throw new Error(`${name} has no number`);
  return number;
};

describe.each([
  ["x64", x64],
  ["arm64", arm64],
] as const)("the filter for %s", (architecture, arch) => {
  const filter = filterOf(architecture);
  const on = (name: string, ...args: readonly number[]) =>
    verdict(filter, { arch, nr: numberOf(name, architecture), args: args.map(BigInt) });

  test("is short enough for the kernel, and every jump stays inside", () => {
    const { length } = filter;
    expect(length % 8).toBe(0);
    expect(length / 8).toBeLessThan(4096);
    for (let at = 0; at < length / 8; at += 1) {
      const furthest = Math.max(filter[at * 8 + 2] ?? 0, filter[at * 8 + 3] ?? 0);
      expect(at + 1 + furthest).toBeLessThan(length / 8 + (filter[at * 8] === 6 ? 1 : 0));
    }
  });

  test("refuses every denied call, whatever its arguments", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...deniedCalls),
        fc.array(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), { maxLength: 6 }),
        (call, args) => {
          const nr = call[architecture];
          if (nr !== null) expect(verdict(filter, { arch, nr, args })).toBe(notPermitted);
        },
      ),
    );
  });

  test("allows any other known call, and answers newer ones as an older kernel", () => {
    const special = new Set(
      [
        ...deniedCalls,
        ...socketCalls,
        ...modeCalls,
        cloneCall,
        ...unseenCalls,
        ...openingCalls,
      ].map((call) => call[architecture]),
    );
    for (let nr = 0; nr < 600; nr += 1) {
      if (special.has(nr)) continue;
      const expected = nr < firstUnknownNumber ? allow : notImplemented;
      expect(verdict(filter, { arch, nr, args: [] })).toBe(expected);
    }
    for (const { name } of unseenCalls) expect(on(name)).toBe(notImplemented);
  });

  test("ends a process that speaks another architecture", () => {
    fc.assert(
      fc.property(fc.nat(0xffff_ffff), fc.nat(600), (other, nr) => {
        fc.pre(other !== arch);
        expect(verdict(filter, { arch: other, nr, args: [] })).toBe(kill);
      }),
    );
    expect(verdict(filter, { arch: 0x4000_0003, nr: 0, args: [] })).toBe(kill);
  });

  test("lets sockets of UNIX, IPv4 and IPv6 through, and no others", () => {
    for (const name of ["socket", "socketpair"]) {
      for (let family = 0; family < 64; family += 1) {
        expect(on(name, family, 1, 0)).toBe([1, 2, 10].includes(family) ? allow : notPermitted);
      }
      // The kernel takes the family from the lower 32 bits: what is above them must not hide one.
      expect(
        verdict(filter, { arch, nr: numberOf(name, architecture), args: [(1n << 32n) + 40n] }),
      ).toBe(notPermitted);
    }
  });

  test("lets threads and forks through, and no new namespaces", () => {
    // As glibc makes a thread, and as it forks.
    expect(on("clone", 0x003d_0f00)).toBe(allow);
    expect(on("clone", 0x0120_0011)).toBe(allow);
    const flags = [0x2_0000, 0x200_0000, 0x400_0000, 0x800_0000, 0x1000_0000, 0x2000_0000];
    for (const flag of [...flags, 0x4000_0000]) {
      expect(on("clone", flag + 0x11)).toBe(notPermitted);
    }
  });

  test("lets modes be set, but not the bits that lend the owner's rights", () => {
    expect(on("fchmod", 3, 0o1777)).toBe(allow);
    expect(on("fchmod", 3, 0o4755)).toBe(notPermitted);
    expect(on("fchmodat", -100 >>> 0, 0, 0o2755)).toBe(notPermitted);
    expect(on("fchmodat2", -100 >>> 0, 0, 0o755)).toBe(allow);
  });

  test("lets files be made, but none that lends its owner's rights from the start", () => {
    const [create, temporary] = [0o101, 0o20_200_002];
    for (const flags of [create, temporary]) {
      expect(on("openat", -100 >>> 0, 0, flags, 0o644)).toBe(allow);
      expect(on("openat", -100 >>> 0, 0, flags, 0o4755)).toBe(notPermitted);
      expect(on("openat", -100 >>> 0, 0, flags, 0o2755)).toBe(notPermitted);
    }
    // What is only opened takes no mode: a register may hold anything.
    expect(on("openat", -100 >>> 0, 0, 0o2, 0o4755)).toBe(allow);
    expect(on("mknodat", -100 >>> 0, 0, 0o104755)).toBe(notPermitted);
    expect(on("mknodat", -100 >>> 0, 0, 0o100644)).toBe(allow);
  });
});

test("the filter for x64 ends a process that uses the x32 numbers", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0x4000_0000, max: 0xffff_ffff }), (nr) => {
      expect(verdict(filterOf("x64"), { arch: x64, nr, args: [] })).toBe(kill);
    }),
  );
});

test("there is no filter for a processor without a list of calls", () => {
  expect(seccompFilter("riscv64")).toBeUndefined();
});

describe.each([
  ["x64", "/usr/include/x86_64-linux-gnu/asm/unistd_64.h"],
  ["arm64", "/usr/include/asm-generic/unistd.h"],
] as const)("the numbers for %s", (architecture, header) => {
  test.skipIf(!existsSync(header))(`are those of ${header}, if it is there`, () => {
    const text = readFileSync(header, "utf8");
    const defined = new Map(
      [...text.matchAll(/^#define __NR(?:3264)?_(\w+)\s+(\d+)$/gm)].map((match) => [
        match[1] ?? "",
        Number(match[2]),
      ]),
    );
    const compared = calls.filter(({ name }) => defined.has(name));
    expect(compared.length).toBeGreaterThan(50);
    expect(
      compared.filter((call) => call[architecture] !== defined.get(call.name)).map((c) => c.name),
    ).toEqual([]);
    // What the header lacks must be newer than it, or be of the other architecture.
    const newest = Math.max(...defined.values());
    const missing = calls.filter(({ name }) => !defined.has(name));
    expect(missing.every((call) => (call[architecture] ?? newest + 1) > newest)).toBe(true);
  });
});
