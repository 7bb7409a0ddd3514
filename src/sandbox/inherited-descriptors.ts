import { readdirSync, readFileSync } from "node:fs";

/** Above it the array of a child's descriptors would cost more than it protects. */
const highest = 4_096;
/** O_CLOEXEC of asm-generic/fcntl.h: the descriptor ends where another program begins. */
const closeOnExec = 0o2_000_000;

let found: readonly number[] | undefined;

/**
 * Descriptors from 3 on that this process got from the one that started it, and that a child would
 * get in turn: an open folder among them would be a way out of any sandbox. Node marks those that
 * it opens itself, so one look is enough. Linux only; elsewhere none are found.
 */
export function inheritedDescriptors(): readonly number[] {
  found ??= lookForDescriptors();
  return found;
}

function lookForDescriptors(): readonly number[] {
  let names: readonly string[];
  try {
    names = readdirSync("/proc/self/fdinfo");
  } catch {
    // No such list on this system.
    return [];
  }
  return names.map(Number).filter((fd) => fd >= 3 && fd <= highest && isInheritable(fd));
}

function isInheritable(fd: number): boolean {
  try {
    // The line `flags:` is octal; see proc_pid_fdinfo(5).
    const flags = /^flags:\s+([0-7]+)$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, "utf8"))?.[1];
    return flags !== undefined && (Number.parseInt(flags, 8) & closeOnExec) === 0;
  } catch {
    // Closed meanwhile, as the one is that the list was read through.
    return false;
  }
}
