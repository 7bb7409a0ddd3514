import type { Runs } from "./runs.ts";

/**
 * Runs whose calls are all in the audit once they have ended or parked.
 * @param check refuses that one is made or goes on where nothing may go on unseen
 */
export function recordedRuns(
  runs: Runs,
  audit: { flush(): Promise<void> },
  check: () => Promise<void>,
): Runs {
  const recorded = async <T>(drive: () => Promise<T>): Promise<T> => {
    await check();
    try {
      return await drive();
    } finally {
      await audit.flush();
    }
  };
  return {
    ...runs,
    create: async (request) => {
      await check();
      return runs.create(request);
    },
    drive: (runId) => recorded(() => runs.drive(runId)),
    replay: (prefix, request) => recorded(() => runs.replay(prefix, request)),
    resume: (prefix) => recorded(() => runs.resume(prefix)),
    work: (request) => recorded(() => runs.work(request)),
  };
}
