import { describe, expect, test } from "vitest";
import { fromOutside } from "../../base/outside.ts";
import { comparable, normalise } from "./normalise.ts";
import { relocate } from "./relocation.ts";

const one = "01a203bb-c850-738d-9228-37283e3d4d0e";
const other = "01A203BB-C850-738D-9228-37283E3D4D0F";

describe("what is known to vary", () => {
  test.each([
    ["made 2026-03-01T10:00:00.123Z", "made <time>"],
    ["made 2026-03-01 10:00:00", "made <time>"],
    ["made 2026-03-01T10:00+02:00", "made <time>"],
    ["made Sun Nov 22 2026 14:44:25 GMT+0000 (Coordinated Universal Time)", "made <time>"],
    ["Date: Sun, 22 Nov 2026 14:44:25 GMT", "Date: <time>"],
    ['{"at":1795358665123}', '{"at":<time>}'],
    ["took 12 ms, then 1.5s", "took <duration>, then <duration>"],
  ])("becomes a word: %s", (text, word) => {
    expect(normalise(text, undefined)).toBe(word);
  });

  test("are the lines around what strangers wrote, which are named after it", () => {
    const said = (time: string) => normalise(fromOutside(["from: x"], `It is ${time}.`), undefined);
    expect(said("2026-03-01T10:00:00Z")).toBe(said("2026-03-01T10:00:07Z"));
    expect(said("late")).not.toBe(said("early"));
  });

  test.each([
    "period 2026-03, due 2026-03-01",
    "total 16593.21, account 12345678901234",
    "chapter 5 s",
    "deadbeef",
  ])("and all else stays: %s", (text) => {
    expect(normalise(text, undefined)).toBe(text);
  });

  test("ids that were the same stay the same, and others do not become so", () => {
    expect(normalise(`${one} ${other} ${one}`, undefined)).toBe("<id 1> <id 2> <id 1>");
    expect(normalise(`${one} ${one}`, undefined)).not.toBe(normalise(`${one} ${other}`, undefined));
  });

  test("is where the scratch copy lies, before ids in its path are", () => {
    const moved = { from: "/home/me/books", to: `/data/runs/${one}/workspace` };
    expect(normalise(`${moved.to}/a.txt and ${moved.to}`, moved)).toBe(
      "/home/me/books/a.txt and /home/me/books",
    );
  });
});

describe("a path in the place of another", () => {
  const moved = { from: "/books", to: "/scratch" };
  test.each([
    ["/books/a.txt", "/scratch/a.txt"],
    ['{"path":"/books"}', '{"path":"/scratch"}'],
    ["see /books. Then", "see /scratch. Then"],
    ["/booksellers/a.txt", "/booksellers/a.txt"],
    ["/books.old", "/books.old"],
    ["/books-2", "/books-2"],
    ["/home/books", "/home/books"],
  ])("%s", (text, after) => {
    expect(relocate(text, moved)).toBe(after);
  });
});

describe("results of a log from before what strangers wrote had marks", () => {
  const error = `${fromOutside([], "mcp.gone: It left.")}\nStart it again.`;

  test("are held against what stands between them now", () => {
    const [before, now] = comparable("a\u200bb", fromOutside(["From here."], "ab"), undefined);
    expect(before).toBe(now);
  });

  test("are the same where only the place of an error's hint is another", () => {
    const [before, now] = comparable("mcp.gone: It left. Start it again.", error, undefined);
    expect(before).toBe(now);
    const [other] = comparable("mcp.gone: It went. Start it again.", error, undefined);
    expect(other).not.toBe(now);
  });

  test("do not make those with marks on both sides any laxer", () => {
    const [before, now] = comparable(
      fromOutside(["Of then."], "ab"),
      fromOutside([], "ab"),
      undefined,
    );
    expect(before).not.toBe(now);
  });
});
