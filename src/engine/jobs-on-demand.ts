import type { Jobs, JobsParts } from "./jobs.ts";

/** Jobs whose program is loaded when the first is asked for: most processes never try a task. */
export function jobsOnDemand(parts: JobsParts): Jobs {
  const load = async (): Promise<Jobs> => (await import("./jobs.ts")).createJobs(parts);
  return {
    begin: async (...asked) => (await load()).begin(...asked),
    goOn: async (...asked) => (await load()).goOn(...asked),
    run: async (...asked) => (await load()).run(...asked),
    resume: async (...asked) => (await load()).resume(...asked),
  };
}
