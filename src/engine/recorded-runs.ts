import type { Runs } from "./runs.ts";

/** Runs whose calls are all in the audit once they have ended or parked. */
export function recordedRuns(runs: Runs, audit: { flush(): Promise<void> }): Runs {
  const recorded = async <T>(driving: Promise<T>): Promise<T> => {
    try {
      return await driving;
    } finally {
      await audit.flush();
    }
  };
  return {
    ...runs,
    drive: (runId) => recorded(runs.drive(runId)),
    replay: (prefix, request) => recorded(runs.replay(prefix, request)),
    resume: (prefix) => recorded(runs.resume(prefix)),
    work: (request) => recorded(runs.work(request)),
  };
}
