/** Lets so many in at a time; the others wait in the order in which they came. */
export interface Gate {
  /** True once there is room; false where none came in time, and nobody has been let in. */
  enter(): Promise<boolean>;
  /** Makes room for the next one. */
  leave(): void;
}

/**
 * @param size how many may be inside
 * @param patienceMs how long one waits at most
 */
export function createGate(size: number, patienceMs: number): Gate {
  let room = size;
  const waiting = new Set<() => void>();
  return {
    enter: () =>
      new Promise((resolve) => {
        if (room > 0) {
          room -= 1;
          resolve(true);
          return;
        }
        const answer = (entered: boolean): void => {
          clearTimeout(timer);
          waiting.delete(letIn);
          resolve(entered);
        };
        const letIn = (): void => answer(true);
        const timer = setTimeout(() => answer(false), patienceMs);
        waiting.add(letIn);
      }),
    leave: () => {
      const [next] = waiting;
      if (next === undefined) room += 1;
      else next();
    },
  };
}
