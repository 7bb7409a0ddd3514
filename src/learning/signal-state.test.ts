import { describe, expect, test } from "vitest";
import { signalStates } from "./signal.ts";
import { checkTransition, parseSignalTransition } from "./signal-state.ts";

const allowed = [
  "open acknowledged",
  "open resolved",
  "open dismissed",
  "acknowledged resolved",
  "acknowledged dismissed",
  "acknowledged open",
  "resolved open",
  "dismissed open",
];

test.each(signalStates.flatMap((from) => signalStates.map((to) => [from, to] as const)))(
  "from %s to %s goes exactly where the list says so",
  (from, to) => {
    const change = () => checkTransition("LS-1", from, to);
    if (allowed.includes(`${from} ${to}`)) expect(change).not.toThrow();
    else expect(change).toThrow(expect.objectContaining({ code: "learning.bad_transition" }));
  },
);

test("a refusal names the states that are allowed", () => {
  expect(() => checkTransition("LS-1", "resolved", "dismissed")).toThrow(
    expect.objectContaining({
      message: "Signal LS-1 is resolved and cannot become dismissed.",
      hint: "From resolved it can become open.",
    }),
  );
});

describe("a change of state from outside", () => {
  test("is taken as it is", () => {
    const change = { to: "resolved", by: "me", reason: "" } as const;
    expect(parseSignalTransition(change)).toEqual(change);
  });
  test.each([
    ["an unknown state", { to: "reslved", by: "me", reason: "" }, 'Did you mean "resolved"?'],
    ["nobody's name", { to: "open", by: "", reason: "" }, "by: "],
    ["a reason that cannot be stored", { to: "open", by: "me", reason: "\ud800" }, "reason: "],
  ])("is refused with %s", (_, change, part) => {
    expect(() => parseSignalTransition(change)).toThrow(
      expect.objectContaining({
        code: "learning.bad_transition",
        message: expect.stringContaining(part),
      }),
    );
  });
});
