/** One piece of work, with what it takes of the machine while it lasts. */
export interface Unit {
  readonly cpus: number;
  readonly memoryMb: number;
  /** Whether it may begin: not before others have ended, or not at all any more. */
  state(): "ready" | "waits" | "dropped";
  /** Must not throw: what can go wrong is part of the work. */
  run(): Promise<void>;
}

/** How much may run at once: so many pieces, or as many as the machine bears. */
export type Capacity =
  | { readonly kind: "count"; readonly parallel: number }
  | { readonly kind: "machine"; readonly cpus: number; readonly memoryMb: number };

/**
 * Runs all units, in their order where there is room. One that takes more than there is runs alone;
 * one that hangs holds only its own place. After an abort nothing more begins.
 * @returns when nothing runs any more
 * @throws what a unit threw, once the others have ended
 */
export async function runUnits(
  units: readonly Unit[],
  capacity: Capacity,
  signal: AbortSignal,
): Promise<void> {
  const waiting = new Set(units);
  const running = new Set<Unit>();
  const failures: unknown[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();

  const begin = (unit: Unit): void => {
    waiting.delete(unit);
    running.add(unit);
    unit
      .run()
      .catch((error: unknown) => failures.push(error))
      .finally(() => {
        running.delete(unit);
        next();
      });
  };
  const next = (): void => {
    if (!signal.aborted && failures.length === 0) {
      for (const unit of waiting) {
        const state = unit.state();
        if (state === "dropped") waiting.delete(unit);
        if (state === "ready" && hasRoom(unit, running, capacity)) begin(unit);
      }
    }
    if (running.size === 0) resolve();
  };
  next();
  await promise;
  if (failures.length > 0) throw failures[0];
}

function hasRoom(unit: Unit, running: ReadonlySet<Unit>, capacity: Capacity): boolean {
  if (running.size === 0) return true;
  if (capacity.kind === "count") return running.size < capacity.parallel;
  let { cpus, memoryMb } = unit;
  for (const other of running) {
    cpus += other.cpus;
    memoryMb += other.memoryMb;
  }
  return cpus <= capacity.cpus && memoryMb <= capacity.memoryMb;
}
