import { expect, test } from "vitest";
import { cleanPrompts } from "./prompts.ts";

test("nothing that could move the cursor or hide words reaches whoever is asked", async () => {
  const shown: string[] = [];
  const prompts = cleanPrompts({
    text: async ({ message }) => {
      shown.push(message);
      return "text";
    },
    choose: async (message, choices) => {
      shown.push(message, ...choices.map(({ label }) => label));
      return choices[0]?.value;
    },
    confirm: async (message) => {
      shown.push(message);
      return true;
    },
  });
  const bad = "\u001b]0;title\u0007\u001b[2Ja\u202eb\u009b31m";
  await prompts.text({ message: bad, validate: () => undefined });
  expect(await prompts.choose(bad, [{ value: bad, label: bad }])).toBe(bad);
  await prompts.confirm(bad);
  expect(shown).toEqual(Array.from({ length: 4 }, () => "]0;title[2Jab31m"));
});
