import { expect, test } from "vitest";
import { testEngine } from "../../test/support/engine.ts";

const found = {
  at: 1_700_000_000_000,
  sound: false,
  rows: 12,
  problems: ["The row a of runs is damaged.", "The row b of runs is damaged."],
};

test("damage that a check finds is an incident with an intake, and one that is found again a repeat", async () => {
  const { engine } = testEngine();
  const rows = await engine.learning.rows();
  for (const at of [found.at, found.at, found.at + 86_400_000]) {
    engine.learning.observeDamage({ ...found, at });
    await expect.poll(async () => (await rows.signals.list({})).items.length).toBe(1);
  }
  await expect
    .poll(async () => (await rows.signals.list({})).items)
    .toMatchObject([
      {
        type: "incident",
        severity: "high",
        source: "engine:store",
        details: expect.stringContaining("The row b of runs is damaged."),
        context: { rows: "12", findings: "2" },
        occurrences: 2,
        intakeId: expect.any(String),
      },
    ]);
  await engine.close();
});

test("where nothing is to be learned, nothing is recorded", async () => {
  const { engine } = testEngine({ "learning.enabled": false });
  engine.learning.observeDamage(found);
  const rows = await engine.learning.rows();
  expect((await rows.signals.list({})).items).toEqual([]);
  await engine.close();
});
