import { expect, test } from "vitest";
import { commandsIn } from "./page-commands.ts";

const page = (block: string): string => `# A page\n\n${block}\n\nText.\n`;

test("every command of every block is there, with what it prints and its code", () => {
  const text = page(
    "```console\n$ one\nfirst\n\n$ two\n[exit code 3]\n```\n\n```yaml\nnot: run\n```",
  );
  expect(commandsIn(`${text}\n\`\`\`console\n$ three\n\`\`\`\n`, "p.md")).toEqual([
    { line: "one", shown: "first\n", exit: 0 },
    { line: "two", shown: "", exit: 3 },
    { line: "three", shown: "", exit: 0 },
  ]);
});

test.each([
  ["a shell's block", "```sh\nagent33 store status\n```", 'a block of "sh" is not run'],
  ["a block of no language", "```\n$ one\n```", 'a block of "" is not run'],
  ["a block in a list", "- so:\n\n  ```console\n  $ one\n  ```", "no blank"],
  ["a block in a quotation", "> ```console\n> $ one\n> ```\n```", "no blank"],
  ["a block with other marks", "~~~console\n$ one\n~~~", "no blank"],
  ["a block without an end", "```console\n$ one", "has no end"],
  ["what stands before the first command", "```console\none\n$ two\n```", "begins with `$ `"],
  ["a command of two lines", "```console\n$ one \\\n  two\n```", "is one line"],
  ["a pipe behind the program", "```console\n$ agent33 runs list | head\n```", "without a shell"],
])("%s, which would be left out, is a fault of the page", (_what, block, why) => {
  expect(() => commandsIn(page(block), "p.md")).toThrow(why);
});
