/** A system call and its number per architecture; null where the architecture has none. */
export interface SystemCall {
  readonly name: string;
  readonly x64: number | null;
  readonly arm64: number | null;
}

/** A number from 424 on means the same on every architecture. */
const same = (name: string, number: number): SystemCall => ({ name, x64: number, arm64: number });
const call = (name: string, x64: number | null, arm64: number | null): SystemCall => ({
  name,
  x64,
  arm64,
});

/**
 * The first number that these lists do not know (Linux 6.15 ends at open_tree_attr). From there on
 * calls are answered as by an older kernel, so that a new one is not let through unseen.
 */
export const firstUnknownNumber = 468;

/**
 * Calls that no command needs and that lead to kernel parts with a history of escapes, or that act
 * on the machine as a whole. Numbers: Linux, arch/x86/entry/syscalls/syscall_64.tbl and
 * include/uapi/asm-generic/unistd.h.
 */
export const deniedCalls: readonly SystemCall[] = [
  // File systems: the mounts are made before the command starts.
  call("mount", 165, 40),
  call("umount2", 166, 39),
  call("pivot_root", 155, 41),
  call("chroot", 161, 51),
  same("open_tree", 428),
  same("move_mount", 429),
  same("fsopen", 430),
  same("fsconfig", 431),
  same("fsmount", 432),
  same("fspick", 433),
  same("mount_setattr", 442),
  same("open_tree_attr", 467),
  call("name_to_handle_at", 303, 264),
  call("open_by_handle_at", 304, 265),
  call("quotactl", 179, 60),
  same("quotactl_fd", 443),
  call("fanotify_init", 300, 262),
  call("lookup_dcookie", 212, 18),
  call("nfsservctl", 180, 42),
  // Other processes.
  call("ptrace", 101, 117),
  call("process_vm_readv", 310, 270),
  call("process_vm_writev", 311, 271),
  same("process_madvise", 440),
  same("pidfd_getfd", 438),
  call("kcmp", 312, 272),
  // Parts of the kernel that are programmed from outside.
  call("bpf", 321, 280),
  call("perf_event_open", 298, 241),
  same("io_uring_setup", 425),
  same("io_uring_enter", 426),
  same("io_uring_register", 427),
  call("userfaultfd", 323, 282),
  // Keys belong to a user and not to a namespace.
  call("add_key", 248, 217),
  call("request_key", 249, 218),
  call("keyctl", 250, 219),
  // Namespaces.
  call("unshare", 272, 97),
  call("setns", 308, 268),
  // The machine.
  call("kexec_load", 246, 104),
  call("kexec_file_load", 320, 294),
  call("init_module", 175, 105),
  call("finit_module", 313, 273),
  call("delete_module", 176, 106),
  call("create_module", 174, null),
  call("get_kernel_syms", 177, null),
  call("query_module", 178, null),
  call("reboot", 169, 142),
  call("swapon", 167, 224),
  call("swapoff", 168, 225),
  call("syslog", 103, 116),
  call("acct", 163, 89),
  call("settimeofday", 164, 170),
  call("clock_settime", 227, 112),
  call("adjtimex", 159, 171),
  call("clock_adjtime", 305, 266),
  call("sethostname", 170, 161),
  call("setdomainname", 171, 162),
  call("vhangup", 153, 58),
  call("iopl", 172, null),
  call("ioperm", 173, null),
  call("modify_ldt", 154, null),
  call("uselib", 134, null),
  call("ustat", 136, null),
  call("sysfs", 139, null),
  call("_sysctl", 156, null),
  call("move_pages", 279, 239),
  call("migrate_pages", 256, 238),
];

/** Calls of which only some uses are refused: which argument decides, counted from 0. */
export interface CheckedCall extends SystemCall {
  readonly argument: number;
}

/** Their first argument is the address family. */
export const socketCalls: readonly CheckedCall[] = [
  { ...call("socket", 41, 198), argument: 0 },
  { ...call("socketpair", 53, 199), argument: 0 },
];

/** Its first argument holds the flags that make namespaces. */
export const cloneCall: CheckedCall = { ...call("clone", 56, 220), argument: 0 };

/** What they ask for is in memory, where a filter cannot look. */
export const unseenCalls: readonly SystemCall[] = [same("clone3", 435), same("openat2", 437)];

/** They take a file's mode. */
export const modeCalls: readonly CheckedCall[] = [
  { ...call("chmod", 90, null), argument: 1 },
  { ...call("fchmod", 91, 52), argument: 1 },
  { ...call("fchmodat", 268, 53), argument: 2 },
  { ...same("fchmodat2", 452), argument: 2 },
  { ...call("creat", 85, null), argument: 1 },
  { ...call("mknod", 133, null), argument: 1 },
  { ...call("mknodat", 259, 33), argument: 2 },
];

/** They take a mode where their flags say that a file is made; otherwise it may be anything. */
export interface OpeningCall extends SystemCall {
  readonly flagsArgument: number;
  readonly modeArgument: number;
}

export const openingCalls: readonly OpeningCall[] = [
  { ...call("open", 2, null), flagsArgument: 1, modeArgument: 2 },
  { ...call("openat", 257, 56), flagsArgument: 2, modeArgument: 3 },
];
