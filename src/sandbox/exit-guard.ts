/** Kills at once and without waiting. It runs while the process exits and must not throw. */
export type LastResort = () => void;

const lastResorts = new Set<LastResort>();
let registered = false;

/**
 * Arranges that a child does not outlive this process when it exits without closing things. Only
 * a normal exit can be caught: nothing runs after SIGKILL.
 * @returns takes the arrangement back
 */
export function killOnExit(kill: LastResort): () => void {
  if (!registered) {
    registered = true;
    process.once("exit", () => {
      for (const lastResort of lastResorts) lastResort();
    });
  }
  lastResorts.add(kill);
  return () => {
    lastResorts.delete(kill);
  };
}
