import { spawnSync } from "node:child_process";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { anyCharacter } from "../../test/support/any-character.ts";
import { grantTests } from "../../test/support/egress.ts";
import { splitCommand } from "./command.ts";

grantTests("asks a shell how it reads words", { spawn: true });

const invalid = expect.objectContaining({ code: "sandbox.invalid_command" });

describe("splitCommand", () => {
  test.each([
    ["npx -y @scope/server DIR", ["npx", "-y", "@scope/server", "DIR"]],
    ["  a\t b\nc  ", ["a", "b", "c"]],
    [`run 'a b' "c d" e\\ f`, ["run", "a b", "c d", "e f"]],
    [`run '' "" x''y`, ["run", "", "", "xy"]],
    [`run "a\\"b\\\\c\\n" 'd\\'`, ["run", `a"b\\c\\n`, "d\\"]],
    [`run "$HOME" $HOME ~ * # x`, ["run", "$HOME", "$HOME", "~", "*", "#", "x"]],
    ["run a\\\nb", ["run", "ab"]],
    ['run "a\\\nb"', ["run", "ab"]],
    [`run "a|b" '&' \\;`, ["run", "a|b", "&", ";"]],
  ])("reads %j", (line, words) => {
    expect(splitCommand(line)).toEqual(words);
  });

  test.each([`a "b`, "a 'b", "a\\", "a | b", "a && b", "a > b", "(a)", "", "  ", "''"])(
    "refuses %j",
    (line) => {
      expect(() => splitCommand(line)).toThrow(invalid);
    },
  );

  test("says where the quote was opened", () => {
    expect(() => splitCommand(`run "a`)).toThrow(/character 5: the double quote is never closed/);
  });

  test("takes back what any way of quoting has written", () => {
    const quoted = fc
      .string({ unit: anyCharacter })
      .chain((word) =>
        fc
          .constantFrom(
            `'${word.replaceAll("'", `'\\''`)}'`,
            `"${word.replace(/[$`"\\]/g, "\\$&")}"`,
            word === "" ? "''" : word.replace(/[^\n]/gu, "\\$&").replaceAll("\n", "'\n'"),
          )
          .map((text) => ({ word, text })),
      );
    fc.assert(
      fc.property(fc.array(quoted), fc.constantFrom(" ", "\t", "  "), (parts, blank) => {
        const line = ["run", ...parts.map((part) => part.text)].join(blank);
        expect(splitCommand(line)).toEqual(["run", ...parts.map((part) => part.word)]);
      }),
    );
  });

  test("reads words as a POSIX shell does", () => {
    const piece = fc.constantFrom("a", "é", " ", "\t", "'", '"', "\\", "''", "-", "=", "/", "\n");
    const lines = fc.sample(
      fc.array(piece, { maxLength: 12 }).map((pieces) => `x${pieces.join("")}`),
      { numRuns: 400, seed: 33 },
    );
    const ours = lines.flatMap((line) => {
      try {
        return [{ line, words: splitCommand(line) }];
      } catch {
        return [];
      }
    });
    expect(ours.length).toBeGreaterThan(100);
    // A bare line break ends a command in a shell and parts words here: settings files fold lines.
    const comparable = ours.filter(({ line }) => !line.includes("\n"));
    expect(comparable.length).toBeGreaterThan(50);
    const script = comparable.map(({ line }) => `printf '%s\\0' ${line}; printf '\\0'`).join("\n");
    const shell = spawnSync("/bin/sh", ["-c", script], { encoding: "utf8" });
    const expected = comparable.map(({ words }) => `${words.join("\0")}\0\0`).join("");
    expect(shell.stdout).toBe(expected);
  });
});
