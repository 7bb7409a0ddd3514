import type { ConformanceCase, DurableHarness } from "./conformance/harness.ts";
import { holdingCases } from "./conformance/holding.ts";
import { mailboxCases } from "./conformance/mailbox.ts";
import { openingCases } from "./conformance/opening.ts";
import { recoveryCases } from "./conformance/recovery.ts";
import { stepCases } from "./conformance/steps.ts";
import { workingCases } from "./conformance/working.ts";

export type { DurableHarness, EngineInstance } from "./conformance/harness.ts";

/**
 * The promises of the contract as cases that any test runner can run against any engine: each
 * `run` throws where the engine breaks one.
 *
 * @param makeHarness gives fresh, empty storage each time
 */
export function durableConformance(
  makeHarness: () => Promise<DurableHarness>,
): readonly { readonly name: string; readonly run: () => Promise<void> }[] {
  const cases: readonly ConformanceCase[] = [
    ...stepCases,
    ...recoveryCases,
    ...mailboxCases,
    ...holdingCases,
    ...openingCases,
    ...workingCases,
  ];
  return cases.map(({ name, run }) => ({
    name,
    run: async () => {
      const harness = await makeHarness();
      try {
        await run(harness);
      } finally {
        await harness.dispose();
      }
    },
  }));
}
