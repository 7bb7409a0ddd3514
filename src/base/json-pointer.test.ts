import { expect, test } from "vitest";
import type { JsonValue } from "./json.ts";
import { atPointer, isJsonPointer } from "./json-pointer.ts";

/** The document of RFC 6901, section 5. */
const document: JsonValue = {
  foo: ["bar", "baz"],
  "": 0,
  "a/b": 1,
  "m~n": 8,
  " ": 7,
  deep: { list: [{ x: null }] },
};

test.each<[string, JsonValue | undefined]>([
  ["", document],
  ["/foo", ["bar", "baz"]],
  ["/foo/0", "bar"],
  ["/", 0],
  ["/a~1b", 1],
  ["/m~0n", 8],
  ["/ ", 7],
  ["/deep/list/0/x", null],
  ["/foo/2", undefined],
  ["/foo/-", undefined],
  ["/foo/00", undefined],
  ["/foo/length", undefined],
  ["/toString", undefined],
  ["/foo/0/x", undefined],
])("%j names what the standard says", (pointer, value) => {
  expect(atPointer(document, pointer)).toEqual(value);
});

test("says what is no pointer", () => {
  const texts = ["", "/a/b", "/a~0~1", "a", "/a~2", "/a~", "a/b"];
  expect(texts.map(isJsonPointer)).toEqual([true, true, true, false, false, false, false]);
});
