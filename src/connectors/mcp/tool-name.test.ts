import * as fc from "fast-check";
import { expect, test } from "vitest";
import { offeredName } from "./tool-name.ts";

test("joins server and tool where providers take the name as it is", () => {
  expect(offeredName("filesystem", "read_file")).toBe("filesystem__read_file");
});

test("gives names that every provider takes, for whatever the parts are", () => {
  fc.assert(
    fc.property(fc.string(), fc.string({ minLength: 1 }), (server, tool) => {
      expect(offeredName(server, tool)).toMatch(/^[A-Za-z0-9_-]{1,64}$/);
    }),
  );
});

test("keeps two tools apart that differ only in what was replaced or cut off", () => {
  expect(offeredName("s", "a.b")).not.toBe(offeredName("s", "a/b"));
  expect(offeredName("s", `${"x".repeat(80)}1`)).not.toBe(offeredName("s", `${"x".repeat(80)}2`));
});

test("keeps tools of two servers apart whose names run into each other", () => {
  const pairs = [
    ["a", "b__c"],
    ["a__b", "c"],
    ["a_", "b"],
    ["a", "_b"],
  ] as const;
  expect(new Set(pairs.map(([server, tool]) => offeredName(server, tool))).size).toBe(4);
  const word = fc.string({ unit: fc.constantFrom("a", "_", "."), minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(word, word, word, word, (server, tool, otherServer, otherTool) => {
      fc.pre(server !== otherServer || tool !== otherTool);
      expect(offeredName(server, tool)).not.toBe(offeredName(otherServer, otherTool));
    }),
  );
});
