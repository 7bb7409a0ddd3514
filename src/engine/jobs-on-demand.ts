import type { Jobs, JobsParts } from "./jobs.ts";

/** Jobs whose program is loaded when the first is asked for: most processes never try a task. */
export function jobsOnDemand(parts: JobsParts): Jobs {
  const load = async (): Promise<Jobs> => (await import("./jobs.ts")).createJobs(parts);
  return {
    run: async (...asked) => (await load()).run(...asked),
    begin: async (...asked) => (await load()).begin(...asked),
    resume: async (...asked) => (await load()).resume(...asked),
    goOn: async (...asked) => (await load()).goOn(...asked),
  };
}
