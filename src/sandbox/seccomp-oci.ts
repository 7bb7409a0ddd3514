import {
  cloneCall,
  deniedCalls,
  modeCalls,
  openingCalls,
  socketCalls,
  unseenCalls,
} from "./seccomp-syscalls.ts";

/** One rule of the OCI runtime specification's `linux.seccomp`; its conditions hold together. */
interface OciRule {
  readonly names: readonly string[];
  readonly action: "SCMP_ACT_ERRNO" | "SCMP_ACT_TRACE";
  readonly args?: readonly OciCondition[];
}

interface OciCondition {
  readonly index: number;
  readonly op: "SCMP_CMP_EQ" | "SCMP_CMP_GE" | "SCMP_CMP_MASKED_EQ";
  readonly value: number;
  readonly valueTwo?: number;
}

/** A filter of system calls as container runtimes take it. */
export interface OciSeccomp {
  readonly defaultAction: "SCMP_ACT_ALLOW";
  readonly architectures: readonly string[];
  readonly syscalls: readonly OciRule[];
}

const architectures: Readonly<Record<string, string>> = {
  x64: "SCMP_ARCH_X86_64",
  arm64: "SCMP_ARCH_AARCH64",
};
/** As in `seccomp.ts`: a rule can compare with a bit that must be set, so each is one rule. */
const namespaceBits = [0x2_0000, ...[1, 2, 4, 8, 16, 32].map((bit) => bit * 0x200_0000)];
const setIdBits = [0o4000, 0o2000];
const creatingBits = [0o100, 0o20_000_000];
/** All families but UNIX, IPv4 and IPv6: those below the last of these, and all above it. */
const refusedFamilies = [0, 3, 4, 5, 6, 7, 8, 9];
const firstOfTheRest = 11;

const hasBit = (index: number, bit: number): OciCondition => ({
  index,
  op: "SCMP_CMP_MASKED_EQ",
  value: bit,
  valueTwo: bit,
});
const refuse = (name: string, ...args: readonly OciCondition[]): OciRule => ({
  names: [name],
  action: "SCMP_ACT_ERRNO",
  args,
});

/**
 * The filter of `seccompFilter` for container runtimes, but for what their rules cannot say: calls
 * that are newer than the lists are let through to a kernel that has them.
 * @returns undefined for a processor that there is no list of calls for
 */
export function ociSeccomp(architecture: string): OciSeccomp | undefined {
  const name = architectures[architecture];
  if (name === undefined) return undefined;
  return {
    defaultAction: "SCMP_ACT_ALLOW",
    architectures: [name],
    syscalls: [
      { names: deniedCalls.map((call) => call.name), action: "SCMP_ACT_ERRNO" },
      // Without a tracer, and there can be none, the answer is ENOSYS: C libraries fall back then.
      { names: unseenCalls.map((call) => call.name), action: "SCMP_ACT_TRACE" },
      ...namespaceBits.map((bit) => refuse(cloneCall.name, hasBit(cloneCall.argument, bit))),
      ...modeCalls.flatMap((call) =>
        setIdBits.map((bit) => refuse(call.name, hasBit(call.argument, bit))),
      ),
      ...openingCalls.flatMap((call) =>
        creatingBits.flatMap((making) =>
          setIdBits.map((bit) =>
            refuse(call.name, hasBit(call.flagsArgument, making), hasBit(call.modeArgument, bit)),
          ),
        ),
      ),
      ...socketCalls.flatMap((call) => [
        ...refusedFamilies.map((value) =>
          refuse(call.name, { index: call.argument, op: "SCMP_CMP_EQ", value }),
        ),
        refuse(call.name, { index: call.argument, op: "SCMP_CMP_GE", value: firstOfTheRest }),
      ]),
    ],
  };
}
