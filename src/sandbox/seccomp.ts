import {
  type CheckedCall,
  cloneCall,
  deniedCalls,
  firstUnknownNumber,
  modeCalls,
  type OpeningCall,
  openingCalls,
  socketCalls,
  type SystemCall,
  unseenCalls,
} from "./seccomp-syscalls.ts";

/** The processors that there is a filter for, by Node's names. */
export type FilterArchitecture = "x64" | "arm64";

/** One instruction of classic BPF: `struct sock_filter` of linux/filter.h. */
interface Instruction {
  readonly code: number;
  /** How many instructions to skip when the comparison holds, and when it does not. */
  readonly ifTrue: number;
  readonly ifFalse: number;
  readonly value: number;
}

/** linux/bpf_common.h: class, size or operation, and source of the operand. */
const opcodes = { loadWord: 0x20, jumpEqual: 0x15, jumpGreaterEqual: 0x35, jumpSet: 0x45, ret: 6 };
/** linux/seccomp.h and asm-generic/errno.h. */
const verdicts = {
  allow: 0x7fff_0000,
  killProcess: 0x8000_0000,
  notPermitted: 0x0005_0000 | 1,
  notImplemented: 0x0005_0000 | 38,
};
/** `AUDIT_ARCH_X86_64` and `AUDIT_ARCH_AARCH64` of linux/audit.h. */
const auditNames: Readonly<Record<FilterArchitecture, number>> = {
  x64: 0xc000_003e,
  arm64: 0xc000_00b7,
};
/** Offsets in `struct seccomp_data`; an argument has 64 bits, of which the lower come first. */
const numberOffset = 0;
const architectureOffset = 4;
const argumentOffset = (index: number): number => 16 + 8 * index;

/** x86-64 has a second set of numbers for 32-bit pointers: the same calls with this bit. */
const x32Bit = 0x4000_0000;
/** AF_UNIX, AF_INET, AF_INET6. A network namespace bounds these; AF_VSOCK, for one, it does not. */
const allowedFamilies = [1, 2, 10];
/** CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET of linux/sched.h. */
const namespaceFlags = 0x7e02_0000;
/** S_ISUID and S_ISGID: a file of the workspace must not lend its owner's rights on the host. */
const setIdBits = 0o6000;
/** O_CREAT, and the bit that O_TMPFILE adds, of asm-generic/fcntl.h. */
const creatingFlags = 0o20_000_100;

/**
 * The system-call filter of a sandboxed command, as bytes for bubblewrap's `--seccomp`: an array of
 * `struct sock_filter`, little-endian. Calls of another architecture end the process. Refused with
 * EPERM: the calls of `deniedCalls`, sockets of other families than UNIX, IPv4 and IPv6, new
 * namespaces, files that are made or changed to lend their owner's rights. Answered with ENOSYS: what
 * is newer than the lists, and clone3 and openat2, whose wishes cannot be seen; C libraries then
 * fall back on the older calls.
 * @returns undefined for a processor that there is no list of calls for
 */
export function seccompFilter(architecture: string): Uint8Array | undefined {
  if (architecture !== "x64" && architecture !== "arm64") return undefined;
  return encode(instructionsOf(architecture));
}

function instructionsOf(architecture: FilterArchitecture): readonly Instruction[] {
  const numberOf = (call: SystemCall): number | null => call[architecture];
  const only = (calls: readonly CheckedCall[], check: (call: CheckedCall) => Instruction[]) =>
    calls.flatMap((call) => onNumber(numberOf(call), check(call)));
  const denied = deniedCalls.flatMap((call) => numberOf(call) ?? []);
  return [
    load(architectureOffset),
    jump(opcodes.jumpEqual, auditNames[architecture], 1, 0),
    ret(verdicts.killProcess),
    load(numberOffset),
    ...(architecture === "x64"
      ? [jump(opcodes.jumpGreaterEqual, x32Bit, 0, 1), ret(verdicts.killProcess)]
      : []),
    jump(opcodes.jumpGreaterEqual, firstUnknownNumber, 0, 1),
    ret(verdicts.notImplemented),
    ...unseenCalls.flatMap((call) => onNumber(numberOf(call), [ret(verdicts.notImplemented)])),
    ...only([cloneCall], (call) => refuseBits(call.argument, namespaceFlags)),
    ...only(modeCalls, (call) => refuseBits(call.argument, setIdBits)),
    ...openingCalls.flatMap((call) => onNumber(numberOf(call), refuseMaking(call))),
    ...only(socketCalls, (call) => allowValues(call.argument, allowedFamilies)),
    // Each jumps over the rest of the list and the `allow` at its end.
    ...denied.map((number, index) => jump(opcodes.jumpEqual, number, denied.length - index, 0)),
    ret(verdicts.allow),
    ret(verdicts.notPermitted),
  ];
}

/** A block for one call. It must end in verdicts: the number is no longer loaded after it. */
function onNumber(number: number | null, block: readonly Instruction[]): readonly Instruction[] {
  return number === null ? [] : [jump(opcodes.jumpEqual, number, 0, block.length), ...block];
}

function refuseBits(argument: number, bits: number): Instruction[] {
  return [
    load(argumentOffset(argument)),
    jump(opcodes.jumpSet, bits, 0, 1),
    ret(verdicts.notPermitted),
    ret(verdicts.allow),
  ];
}

/** Without the flags that make a file, the mode is whatever the register holds. */
function refuseMaking({ flagsArgument, modeArgument }: OpeningCall): readonly Instruction[] {
  return [
    load(argumentOffset(flagsArgument)),
    jump(opcodes.jumpSet, creatingFlags, 1, 0),
    ret(verdicts.allow),
    ...refuseBits(modeArgument, setIdBits),
  ];
}

/** The kernel reads an address family from the lower 32 bits only, and so does this. */
function allowValues(argument: number, values: readonly number[]): Instruction[] {
  return [
    load(argumentOffset(argument)),
    ...values.map((value, index) => jump(opcodes.jumpEqual, value, values.length - index, 0)),
    ret(verdicts.notPermitted),
    ret(verdicts.allow),
  ];
}

function load(offset: number): Instruction {
  return { code: opcodes.loadWord, ifTrue: 0, ifFalse: 0, value: offset };
}

function jump(code: number, value: number, ifTrue: number, ifFalse: number): Instruction {
  return { code, ifTrue, ifFalse, value };
}

function ret(verdict: number): Instruction {
  return { code: opcodes.ret, ifTrue: 0, ifFalse: 0, value: verdict };
}

function encode(instructions: readonly Instruction[]): Uint8Array {
  const bytes = Buffer.alloc(instructions.length * 8);
  for (const [index, { code, ifTrue, ifFalse, value }] of instructions.entries()) {
    bytes.writeUInt16LE(code, index * 8);
    // Throws above 255: a jump that does not fit its byte cannot be encoded by mistake.
    bytes.writeUInt8(ifTrue, index * 8 + 2);
    bytes.writeUInt8(ifFalse, index * 8 + 3);
    bytes.writeUInt32LE(value, index * 8 + 4);
  }
  return bytes;
}
