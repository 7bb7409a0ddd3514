import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { singular, wordsOf } from "./words.ts";

describe("wordsOf", () => {
  test.each([
    ["send_direct_message", ["send", "direct", "message"]],
    ["list-pull-requests", ["list", "pull", "request"]],
    ["searchFlights", ["search", "flight", "searchflight"]],
    ["HTTPServer", ["http", "server", "httpserver"]],
    ["utf8", ["utf", "8", "utf8"]],
    ["mcp__GitHub.createIssue", ["mcp", "git", "hub", "github", "create", "issue", "createissue"]],
    ["Café", ["cafe"]],
    ["ＦＵＬＬ width", ["full", "width"]],
    ["查询天气", ["查询", "询天", "天气"]],
    ["Can you please send the message to me?", ["send", "message"]],
    ["", []],
    ["?! --", []],
  ])("cuts %j", (text, words) => {
    expect(wordsOf(text)).toEqual(words);
  });

  test("a compound and its parts find each other, whichever way it is written", () => {
    for (const written of ["GitHub", "github", "git hub"]) {
      expect(wordsOf("GitHub")).toEqual(expect.arrayContaining([...wordsOf(written)]));
    }
  });

  test("leaves out runs that are data", () => {
    expect(wordsOf(`key ${"a1".repeat(40)} value`)).toEqual(["key", "value"]);
  });

  test("gives the same for any text and its upper case form of plain letters", () => {
    const plain = fc.stringMatching(/^[a-z_ ]{0,60}$/);
    fc.assert(
      fc.property(plain, (text) => {
        expect(wordsOf(text.toUpperCase())).toEqual(wordsOf(text));
      }),
    );
  });

  test("never gives blanks or upper case, for any text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        for (const word of wordsOf(text)) {
          expect(word).not.toMatch(/\s/);
          expect(word).not.toBe("");
          expect(word).toBe(word.toLowerCase());
        }
      }),
    );
  });
});

describe("singular", () => {
  test.each([
    ["messages", "message"],
    ["searches", "search"],
    ["addresses", "address"],
    ["boxes", "box"],
    ["queries", "query"],
    ["movies", "movy"],
    ["sends", "send"],
    ["address", "address"],
    ["status", "status"],
    ["gas", "gas"],
    ["keys", "key"],
  ])("makes %s %s", (word, folded) => {
    expect(singular(word)).toBe(folded);
  });
});
