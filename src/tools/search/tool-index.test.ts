import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createToolIndex, type ToolIndex } from "./tool-index.ts";
import type { SearchableTool } from "./tool-text.ts";

const tool = (name: string, description: unknown = "", inputSchema: unknown = {}) => ({
  name,
  description,
  inputSchema,
});

function indexOf(...tools: readonly SearchableTool[]): ToolIndex {
  const index = createToolIndex();
  index.update("one", tools);
  return index;
}

const found = (index: ToolIndex, query: string, limit = 10): readonly string[] =>
  index.search({ query, limit }).map(({ name }) => name);

describe("a tool index", () => {
  test("gives the score of the formula, worked out by hand", () => {
    const index = createToolIndex({
      scoring: { k1: 1, b: 0.5, weights: { name: 2, description: 1, parameters: 1 } },
    });
    index.update("one", [tool("send_mail", "sends"), tool("send_money"), tool("weather")]);
    // send: in 2 of 3. Lengths 5, 4 and 2, so 11/3 on average; it counts 3 in the first, 2 in the second.
    const idf = Math.log(1 + (3 - 2 + 0.5) / (2 + 0.5));
    const score = (count: number, length: number) =>
      (idf * count) / (count + 1 - 0.5 + (0.5 * length) / (11 / 3));
    const hits = index.search({ query: "send", limit: 5 });
    expect(hits.map(({ name }) => name)).toEqual(["send_mail", "send_money"]);
    expect(hits[0]?.score).toBeCloseTo(score(3, 5), 12);
    expect(hits[1]?.score).toBeCloseTo(score(2, 4), 12);
  });

  test("a word in the name counts more than one in the description or in an argument", () => {
    const index = indexOf(
      tool("b", "", { properties: { invoice: {} } }),
      tool("c", "invoice"),
      tool("invoice", "b"),
    );
    expect(found(index, "invoices")).toEqual(["invoice", "c", "b"]);
  });

  test("a rare word counts more than one that most tools have", () => {
    const index = indexOf(
      tool("a", "get data"),
      tool("b", "get data"),
      tool("c", "get data"),
      tool("d", "get weather"),
    );
    expect(found(index, "get the weather")[0]).toBe("d");
  });

  test("finds nothing for words that no tool has, and for no words at all", () => {
    const index = indexOf(tool("a", "reads"));
    expect(found(index, "weather")).toEqual([]);
    expect(found(index, "to the of")).toEqual([]);
    expect(found(createToolIndex(), "reads")).toEqual([]);
  });

  test("fills its limit with what is accepted, best first", () => {
    const index = indexOf(tool("file_a"), tool("file_b"), tool("file_c"), tool("file_d"));
    expect(found(index, "file", 2)).toEqual(["file_a", "file_b"]);
    const asked: string[] = [];
    const hits = index.search({
      query: "file",
      limit: 2,
      accepts: (name) => {
        asked.push(name);
        return name !== "file_b";
      },
    });
    expect(hits.map(({ name }) => name)).toEqual(["file_a", "file_c"]);
    expect(asked).toEqual(["file_a", "file_b", "file_c"]);
  });

  test("goes on through all that fits, in falling order, where the best are not accepted", () => {
    const many = Array.from({ length: 500 }, (_, n) => tool(`t${n}`, "file ".repeat(1 + (n % 97))));
    const index = indexOf(...many);
    const asked: string[] = [];
    const refuse = (name: string) => asked.push(name) > 450;
    const hits = index.search({ query: "file", limit: 3, accepts: refuse });
    expect(hits).toHaveLength(3);
    const all = index.search({ query: "file", limit: 1_000 });
    expect(all).toHaveLength(500);
    expect(asked).toEqual(all.slice(0, 453).map(({ name }) => name));
    for (const [place, { score }] of all.entries()) {
      expect(score).toBeLessThanOrEqual(all[place - 1]?.score ?? Infinity);
    }
  });

  test("words that every object has are words like others", () => {
    const index = indexOf(tool("constructor", "__proto__ toString"));
    expect(found(index, "constructor")).toEqual(["constructor"]);
    expect(found(index, "hasOwnProperty valueOf")).toEqual([]);
  });

  test("says which tool it does not see all of, and finds it by the rest", () => {
    const index = createToolIndex();
    const notices = index.update("one", [tool("send_mail", 7, "x"), tool("fine", "well")]);
    expect(notices).toEqual([
      'Search does not see all of tool "send_mail": its description is not text; its schema is not an object.',
    ]);
    expect(found(index, "mail")).toEqual(["send_mail"]);
  });

  test("a source's new list takes the place of its old one, and of no other", () => {
    const index = createToolIndex();
    index.update("one", [tool("a_file"), tool("b_file", "old")]);
    index.update("two", [tool("c_file")]);
    index.update("one", [tool("b_file", "fresh"), tool("d_file")]);
    expect(index.size).toBe(3);
    expect([...found(index, "file")].sort()).toEqual(["b_file", "c_file", "d_file"]);
    expect(found(index, "fresh")).toEqual(["b_file"]);
    expect(found(index, "old")).toEqual([]);
    index.update("one", []);
    expect(found(index, "file")).toEqual(["c_file"]);
  });

  test("a tool that is listed twice is there once, as it was listed last", () => {
    const index = indexOf(tool("a", "first"), tool("a", "second"));
    expect(index.size).toBe(1);
    expect(found(index, "first")).toEqual([]);
    expect(found(index, "second")).toEqual(["a"]);
  });

  test("reads only what is new or changed when a list changes", () => {
    const read: string[] = [];
    const index = createToolIndex({
      wordsOf: (text) => {
        read.push(text);
        return text.split(/\W+/);
      },
    });
    index.update("one", [tool("a", "x"), tool("b", "y")]);
    read.length = 0;
    index.update("one", [tool("a", "x"), tool("b", "z")]);
    expect(read).toEqual(["b", "z", ""]);
  });

  const word = fc.constantFrom("send", "mail", "file", "read", "list", "user", "page");
  const text = fc.array(word, { maxLength: 6 }).map((words) => words.join(" "));
  const named = fc.record({ name: fc.constantFrom("a", "b", "c", "d", "e"), description: text });
  const list = fc.uniqueArray(named, { selector: ({ name }) => name, maxLength: 5 });

  test("after any changes it answers as one that was made from the last lists alone", () => {
    const ofSource = (source: string, tools: readonly SearchableTool[]) =>
      tools.map(({ name, ...rest }) => ({ name: `${source}_${name}`, ...rest }));
    const change = fc.record({ source: fc.constantFrom("x", "y"), tools: list });
    fc.assert(
      fc.property(fc.array(change, { maxLength: 8 }), text, (changes, query) => {
        const changed = createToolIndex();
        const last = new Map<string, readonly SearchableTool[]>();
        for (const { source, tools } of changes) {
          const own = ofSource(source, tools);
          changed.update(source, own);
          last.set(source, own);
        }
        const fresh = createToolIndex();
        for (const [source, tools] of last) fresh.update(source, tools);
        expect(changed.size).toBe(fresh.size);
        const [one, other] = [changed, fresh].map((index) => index.search({ query, limit: 50 }));
        expect(one?.map(({ name }) => name)).toEqual(other?.map(({ name }) => name));
        for (const [place, hit] of (one ?? []).entries()) {
          expect(hit.score).toBeCloseTo(other?.[place]?.score ?? Number.NaN, 9);
        }
      }),
    );
  });

  test("every hit has a word of the query, and scores fall", () => {
    fc.assert(
      fc.property(list, text, fc.integer({ min: 1, max: 5 }), (tools, query, limit) => {
        const hits = indexOf(...tools).search({ query, limit });
        expect(hits.length).toBeLessThanOrEqual(limit);
        const words = query.split(" ").filter((each) => each !== "");
        for (const [place, { name, score }] of hits.entries()) {
          const own = tools.find((each) => each.name === name)?.description ?? "";
          expect(words.some((each) => own.split(" ").includes(each))).toBe(true);
          expect(score).toBeGreaterThan(0);
          expect(score).toBeLessThanOrEqual(hits[place - 1]?.score ?? Infinity);
        }
      }),
    );
  });
});
