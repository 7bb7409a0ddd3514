import { expect, test } from "vitest";
import { completeRefresh, parseNewRefresh, planRefresh } from "./refresh.ts";

const made = { id: "RMR-1", tenant: "a", at: 1000 };
const end = { outcome: "Two items moved up", changes: ["B-1 up", "B-2 up"], by: "mara", at: 2000 };

test("a refresh is planned, then completed once", () => {
  const planned = planRefresh(parseNewRefresh({ scope: "minor", title: "Third quarter" }), made);
  expect(planned).toMatchObject({ state: "planned", outcome: null, participants: [], reason: "" });
  const complete = completeRefresh(planned, end);
  expect(complete).toEqual({
    ...planned,
    state: "complete",
    outcome: "Two items moved up",
    changes: ["B-1 up", "B-2 up"],
    completedAt: 2000,
    completedBy: "mara",
    updatedAt: 2000,
  });
  expect(() => completeRefresh(complete, end)).toThrow(
    expect.objectContaining({
      code: "learning.refresh_complete",
      message: "Refresh RMR-1 was completed by mara already.",
    }),
  );
});

test("a bad refresh is refused with every problem and its path", () => {
  expect(() => parseNewRefresh({ scope: "adhoc", title: "", participants: [""] })).toThrow(
    expect.objectContaining({
      code: "learning.bad_refresh",
      details: {
        problems: [
          'scope: "adhoc" is not one of micro, minor, major, ad_hoc. Did you mean "ad_hoc"?',
          "title: Must not be empty",
          "participants.0: Must not be empty",
        ],
      },
    }),
  );
});
