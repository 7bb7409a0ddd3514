import { expect, test } from "vitest";
import { intakeMoves, signalMoves } from "../../dashboard/src/learning/moves.ts";
import { Agent33Error } from "../../src/base/errors.ts";
import { allowedMove, intakeStates } from "../../src/learning/intake-state.ts";
import { signalStates } from "../../src/learning/signal.ts";
import { checkTransition } from "../../src/learning/signal-state.ts";

/** Whether the engine lets something happen. */
function isAllowed(move: () => unknown): boolean {
  try {
    move();
    return true;
  } catch (error) {
    if (error instanceof Agent33Error && error.code === "learning.bad_transition") return false;
    throw error;
  }
}

test("the page offers the moves of intakes that the engine allows, and no others", () => {
  const allowed = Object.fromEntries(
    intakeStates.map((from) => [
      from,
      intakeStates.filter((to) => isAllowed(() => allowedMove("RI-1", from, to))),
    ]),
  );
  const offered = Object.entries(intakeMoves).map(([from, to]) => [from, to.toSorted()]);
  expect(Object.fromEntries(offered)).toEqual(
    Object.fromEntries(Object.entries(allowed).map(([from, to]) => [from, to.toSorted()])),
  );
});

test("and those of signals", () => {
  const allowed = signalStates.map((from) => [
    from,
    signalStates.filter((to) => isAllowed(() => checkTransition("LS-1", from, to))).toSorted(),
  ]);
  const offered = Object.entries(signalMoves).map(([from, to]) => [from, to.toSorted()]);
  expect(offered).toEqual(allowed);
});
