import { expect, test } from "vitest";
import { loadTokenCounter } from "../models/tokens.ts";
import { listSkills } from "./list-skills.ts";

const tokens = await loadTokenCounter();
const skills = Array.from({ length: 50 }, (_none, at) => ({
  name: `skill-${at}`,
  description: "Does one thing after the other. ".repeat(20).trim(),
}));

test("cuts descriptions before it leaves anything out", () => {
  const list = listSkills(skills, { tokens, mostTokens: 4_000 });
  expect(list.leftOut).toEqual([]);
  expect(list.text.split("\n")).toHaveLength(51);
  expect(list.text).toContain("…");
});

test("says how many skills there was no room for, and stays within its room", () => {
  const { text, leftOut } = listSkills(skills, { tokens, mostTokens: 500 });
  expect(leftOut.length).toBeGreaterThan(0);
  expect(leftOut).toEqual(skills.slice(50 - leftOut.length).map(({ name }) => name));
  expect(text).toContain(`(${leftOut.length} more skills are not listed for want of room.)`);
  const lines = text.split("\n").slice(1, -1);
  expect(lines.reduce((sum, line) => sum + tokens.text(line), 0)).toBeLessThanOrEqual(500);
});

test("lists whole descriptions where there is room", () => {
  const { text } = listSkills(skills.slice(0, 2), { tokens, mostTokens: 4_000 });
  expect(text).toContain(`- skill-1: ${skills[1]?.description}`);
});
