import fc from "fast-check";
import { expect, test } from "vitest";
import {
  beginChecklist,
  completeItem,
  evaluateChecklist,
  parseNewChecklist,
  reopenItem,
} from "./checklist.ts";
import { checklistItems, checklistPeriods } from "./checklist-items.ts";

const made = { id: "CKL-1", tenant: "a", at: 1000 };
const monthly = beginChecklist({ period: "monthly", reference: "2026-07" }, made);

test("the three periods have five items each, CI-01 to CI-15", () => {
  const ids = checklistPeriods.flatMap((period) => checklistItems[period].map(({ id }) => id));
  expect(ids).toEqual(
    Array.from({ length: 15 }, (_, index) => `CI-${String(index + 1).padStart(2, "0")}`),
  );
  for (const period of checklistPeriods) expect(checklistItems[period]).toHaveLength(5);
  const texts = checklistPeriods.flatMap((period) =>
    checklistItems[period].map(({ text }) => text),
  );
  expect(new Set(texts).size).toBe(15);
});

test("a checklist begins with every item of its period open", () => {
  expect(monthly.items.map(({ id }) => id)).toEqual(["CI-06", "CI-07", "CI-08", "CI-09", "CI-10"]);
  expect(evaluateChecklist(monthly)).toEqual({
    complete: false,
    incomplete: ["CI-06", "CI-07", "CI-08", "CI-09", "CI-10"],
  });
});

test("a bad checklist is refused", () => {
  expect(() => parseNewChecklist({ period: "yearly", reference: " " })).toThrow(
    expect.objectContaining({
      code: "learning.bad_checklist",
      details: {
        problems: [
          'period: "yearly" is not one of per_release, monthly, quarterly',
          "reference: Must not be blank",
        ],
      },
    }),
  );
});

test("it is complete exactly when every item is", () => {
  const step = fc.record({
    id: fc.constantFrom("CI-06", "CI-07", "CI-08", "CI-09", "CI-10"),
    done: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      let checklist = monthly;
      const open = new Set(monthly.items.map(({ id }) => id));
      for (const [index, { id, done }] of steps.entries()) {
        if (done) open.delete(id);
        else open.add(id);
        const at = 2000 + index;
        checklist = done
          ? completeItem(checklist, id, { by: "mara", notes: "", at })
          : reopenItem(checklist, id, at);
        expect(checklist.state).toBe(open.size === 0 ? "complete" : "open");
        expect(evaluateChecklist(checklist)).toEqual({
          complete: open.size === 0,
          incomplete: [...open].sort(),
        });
      }
    }),
  );
});

test("who ticked an item off first stands until it is opened again", () => {
  const once = completeItem(monthly, "CI-07", { by: "mara", notes: "see report", at: 2000 });
  expect(once.items[1]).toMatchObject({
    completedAt: 2000,
    completedBy: "mara",
    notes: "see report",
  });
  expect(completeItem(once, "CI-07", { by: "noor", notes: "", at: 3000 })).toBe(once);
  const opened = reopenItem(once, "CI-07", 4000);
  expect(opened.items).toEqual(monthly.items);
  expect(reopenItem(opened, "CI-07", 5000)).toBe(opened);
});

test("an item of another period is refused with what is near", () => {
  expect(() => completeItem(monthly, "CI-6", { by: "mara", notes: "", at: 1 })).toThrow(
    expect.objectContaining({
      code: "learning.unknown_item",
      hint: 'Did you mean "CI-06"?',
    }),
  );
});
