import { expect, test } from "vitest";
import { formatMicroUsd } from "./money.ts";

test("money keeps what matters and at least two decimals", () => {
  expect([0, 1, 4_200, 1_500_000, 12_000_000].map(formatMicroUsd)).toEqual([
    "$0.00",
    "$0.000001",
    "$0.0042",
    "$1.50",
    "$12.00",
  ]);
});
