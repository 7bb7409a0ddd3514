import { expect, test } from "vitest";
import { createStyle, oneLine, printable } from "./output.ts";

test("what could move the cursor, retitle the window or hide text never reaches the terminal", () => {
  const hostile = "a\u001b]0;pwned\u0007b\u001b[2Jc\u202ed\u200be\r\u0008f";
  expect(printable(hostile)).toBe("a]0;pwnedb[2Jcdef");
});

test("line breaks and the program's own colours stay", () => {
  const { bold, red } = createStyle(true);
  expect(printable(`${bold("x")}\n${red("y")}`)).toBe(
    "\u001b[1mx\u001b[22m\n\u001b[31my\u001b[39m",
  );
  expect(createStyle(false).bold("x")).toBe("x");
});

test("text from outside becomes one short line", () => {
  expect(oneLine("two\n  lines\tand\u001b[31m more", 40)).toBe("two lines and[31m more");
  expect(oneLine("abcdef", 4)).toBe("abc…");
});
