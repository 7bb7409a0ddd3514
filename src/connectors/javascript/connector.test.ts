import { describe, expect, test } from "vitest";
import { grantTests } from "../../../test/support/egress.ts";
import { systemClock } from "../../base/clock.ts";
import { javascriptTool } from "./connector.ts";

grantTests("runs the tool without the boundary", { workers: true });

const tool = javascriptTool(systemClock);
const run = (args: Record<string, string | number>) =>
  tool.run(args, {
    signal: new AbortController().signal,
    idempotencyKey: "k",
    progress: () => {},
  });

describe("the JavaScript tool", () => {
  test("is a read that may repeat", () => {
    expect(tool).toMatchObject({ name: "run_javascript", effect: "read", repeat: "safe" });
  });

  test("gives the result and what was printed", async () => {
    expect(await run({ code: "console.log('hi'); [1, 2, 3].map((n) => n * n)" })).toMatchObject({
      isError: false,
      content: "Result: [1,4,9]\n--- printed\nhi",
    });
    expect((await run({ code: "undefined" })).content).toBe("Result: none that JSON can say");
  });

  test("makes an error of the program an error with its words, and says what its time cut short", async () => {
    expect(await run({ code: "missing()" })).toMatchObject({
      isError: true,
      content: expect.stringMatching(/^Error: ReferenceError: .*missing/),
    });
    expect(await run({ code: "console.log(1); for (;;) {}", timeout_seconds: 1 })).toMatchObject({
      isError: true,
      content: "Ended after 1 s, its time limit.\n--- printed\n1",
    });
  });

  test.each([
    [{}],
    [{ code: "" }],
    [{ code: "1", timeout_seconds: 61 }],
    [{ code: "1", file: "x" }],
  ])("refuses the arguments %j", (args) => {
    expect(tool.parse(args)).toMatchObject({
      ok: false,
      error: { code: "tools.invalid_arguments" },
    });
  });
});
