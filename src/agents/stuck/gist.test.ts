import { expect, test } from "vitest";
import { fromOutside } from "../../base/outside.ts";
import { errorGist, gistOf } from "./gist.ts";

const page = (text: string) => fromOutside(["url: https://a.example/"], text);

test("what came from outside is the same where only a time in it differs", () => {
  const seen = (time: string) => gistOf(page(`Nothing new at ${time}.`));
  expect(seen("10:00:01")).toBe(seen("10:00:02"));
  expect(gistOf(page("Nothing new."))).not.toBe(gistOf(page("Something new.")));
});

test("so is an error that repeats the arguments of its call", () => {
  const failed = (path: string) =>
    errorGist("read", JSON.stringify({ path }), page(`ENOENT: no such file ${path}`));
  expect(failed("a/one.txt")).toBe(failed("b/two.txt"));
  const other = errorGist("read", '{"path":"b/two.txt"}', page("EACCES: b/two.txt"));
  expect(failed("a/one.txt")).not.toBe(other);
});
