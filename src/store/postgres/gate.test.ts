import { expect, test } from "vitest";
import { createGate } from "./gate.ts";

test("lets in as many as there is room for, and the others in their order as some leave", async () => {
  const gate = createGate(2, 10_000);
  const entered: string[] = [];
  const enter = async (name: string): Promise<void> => {
    expect(await gate.enter()).toBe(true);
    entered.push(name);
  };
  const all = ["a", "b", "c", "d"].map(enter);
  await Promise.all(all.slice(0, 2));
  expect(entered).toEqual(["a", "b"]);
  gate.leave();
  await all[2];
  expect(entered).toEqual(["a", "b", "c"]);
  for (let count = 0; count < 3; count += 1) gate.leave();
  await all[3];
  expect(await gate.enter()).toBe(true);
});

test("keeps no place for one that has waited too long", async () => {
  const gate = createGate(1, 20);
  expect(await gate.enter()).toBe(true);
  expect(await gate.enter()).toBe(false);
  gate.leave();
  expect(await gate.enter()).toBe(true);
  expect(await gate.enter()).toBe(false);
});
