import type { TrialAgent } from "./attempt.ts";

/** Does nothing: a task that passes with it measures nothing. */
export const nopAgent: TrialAgent = {
  name: "nop",
  version: undefined,
  digests: {},
  attempt: "nop",
  work: async () => ({ costMicroUsd: null, tokens: null, artefacts: [] }),
};
