/** What some work took. */
export interface Cost {
  /** Of the whole process, user and system. */
  readonly cpuMs: number;
  readonly wallMs: number;
}

/** Does some work once. */
export function costOf(work: () => unknown): Cost {
  const before = process.cpuUsage();
  const began = performance.now();
  work();
  const wallMs = performance.now() - began;
  const { user, system } = process.cpuUsage(before);
  return { cpuMs: (user + system) / 1_000, wallMs };
}
