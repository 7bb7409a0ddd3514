import { describe, test } from "vitest";
import { durableConformance } from "./conformance.ts";
import { sqliteHarness } from "./sqlite-harness.fixture.ts";

describe("the SQLite engine", () => {
  for (const { name, run } of durableConformance(async () => sqliteHarness())) test(name, run);
});
