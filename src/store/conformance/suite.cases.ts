import { afterEach, describe, expect, test } from "vitest";
import type { ManualClock } from "../../base/clock.ts";
import type { Backend } from "../backend.ts";

/** A backend to try, empty, on a clock that stands still. */
export interface Bench {
  readonly backend: Backend;
  readonly clock: ManualClock;
}

/** One behaviour that every backend must have. */
export interface Case {
  readonly name: string;
  run(bench: Bench): Promise<void>;
}

/** A bench of one test, and what takes it away again. */
export interface OpenBench extends Bench {
  dispose(): Promise<void>;
}

/** Cases by the part of the store that they are about. */
export type CaseLists = Readonly<Record<string, readonly Case[]>>;

/** Makes a vitest test of each case, each on a bench of its own. */
export function runCases(lists: CaseLists, open: () => Promise<OpenBench>): void {
  let bench: OpenBench | undefined;
  afterEach(async () => {
    const used = bench;
    bench = undefined;
    await used?.dispose();
  });
  describe.each(Object.entries(lists))("%s", (_, cases) => {
    test.each(cases.map((one) => [one.name, one] as const))("%s", async (_name, one) => {
      bench = await open();
      await one.run(bench);
    });
  });
}

/** Matches an error by its code. */
export function code(name: string): unknown {
  return expect.objectContaining({ code: name });
}
