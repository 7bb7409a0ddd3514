import { describe, expect, test } from "vitest";
import { grantTests } from "../../test/support/egress.ts";
import { runJavascript } from "./javascript.ts";

grantTests("runs programs on a thread of their own", { workers: true });

const run = (
  code: string,
  extras: { readonly timeoutMs?: number; readonly signal?: AbortSignal } = {},
) =>
  runJavascript({
    code,
    timeoutMs: 3_000,
    memoryBytes: 32 * 1024 * 1024,
    outputLimitBytes: 2_000,
    ...extras,
  });

describe("a JavaScript program", () => {
  test("gives the value of its last expression, and what it prints", async () => {
    const code = `console.log("sum", [1, { a: 2 }], undefined); const x = [3, 1, 2].sort(); ({ x, n: 10n ** 2n > 99n })`;
    expect(await run(code)).toEqual({
      value: `{"x":[1,2,3],"n":true}`,
      error: null,
      printed: `sum [1,{"a":2}] undefined\n`,
      truncated: false,
      timedOut: false,
    });
    expect(await run("let x = 1")).toMatchObject({ value: null, error: null });
  });

  test("may use promises, and is told of one that never settles", async () => {
    const code = `(async () => { let n = 0; for (let i = 0; i < 5000; i++) n += await i; return n })()`;
    expect(await run(code)).toMatchObject({ value: "12497500", error: null });
    expect(await run("new Promise(() => {})")).toMatchObject({
      error: expect.stringContaining("never settles"),
    });
    expect(await run("Promise.reject(new TypeError('no'))")).toMatchObject({
      error: "TypeError: no",
    });
  });

  test("says what it threw, and keeps what it printed before", async () => {
    expect(await run(`console.log("before"); null.x`)).toMatchObject({
      error: expect.stringMatching(/^TypeError: /),
      printed: "before\n",
      value: null,
    });
    expect(await run("if (")).toMatchObject({ error: expect.stringMatching(/^SyntaxError: /) });
    expect(await run("throw { odd: true }")).toMatchObject({ error: `{"odd":true}` });
  });

  test("has the language and nothing else: no files, no network, no timers, no host", async () => {
    const names = [
      "process",
      "require",
      "fetch",
      "XMLHttpRequest",
      "WebSocket",
      "Deno",
      "Bun",
      "std",
      "os",
      "setTimeout",
      "setInterval",
      "queueMicrotask",
      "module",
      "Buffer",
      "WebAssembly",
      "Worker",
      "performance",
      "navigator",
      "globalThis.constructor.constructor('return process')()",
    ];
    const code = names
      .map(
        (name) =>
          `try { typeof (${name}) !== "undefined" && console.log(${JSON.stringify(name)}) } catch {}`,
      )
      .join("\n");
    expect(await run(code)).toMatchObject({ printed: "", error: null });
    expect(
      await run(`import("node:fs").then((m) => "got " + Object.keys(m).length)`),
    ).toMatchObject({
      error: expect.any(String),
      value: null,
    });
    expect(await run(`import fs from "fs"; fs`)).toMatchObject({ error: expect.any(String) });
    // What it is given leads back to its own engine only.
    expect(
      await run(`console.log.constructor("return typeof process + typeof require")()`),
    ).toMatchObject({ value: `"undefinedundefined"` });
  });

  test("is ended at its time, in a loop, a promise chain and a long search", async () => {
    for (const code of [
      "for (;;) {}",
      // One that returns what it makes would be out of memory first on a fast machine.
      "const again = () => { Promise.resolve().then(again); }; again()",
      `/^(a+)+$/.test("a".repeat(40) + "b")`,
      "try { for (;;) {} } catch { for (;;) {} }",
    ]) {
      const result = await run(code, { timeoutMs: 300 });
      expect([code, result]).toMatchObject([code, { timedOut: true, error: expect.any(String) }]);
    }
  });

  test("is bounded in memory and depth", async () => {
    const memory = await run("const all = []; for (;;) all.push('x'.repeat(1e6) + all.length)");
    expect(memory).toMatchObject({
      error: expect.stringContaining("out of memory"),
      timedOut: false,
    });
    const depth = await run("const f = () => f() + 1; f()");
    expect(depth.error).toMatch(/stack/i);
    const buffer = await run("new Uint8Array(1e9).length");
    expect(buffer.error).toContain("out of memory");
  });

  test("is bounded in what it prints and returns", async () => {
    const printed = await run(`for (let i = 0; i < 5000; i++) console.log(i); "x".repeat(9000)`);
    expect(printed.truncated).toBe(true);
    expect(printed.printed.length).toBeLessThan(2_100);
    expect(printed.printed).toMatch(/^0\n1\n2\n/);
    expect(printed.printed).toMatch(/\n4999\n$/);
    expect(printed.value?.length).toBeLessThan(2_100);
  });

  test("is ended at its time while it prints without end, and keeps what it printed", async () => {
    const result = await run("for (;;) console.log('x'.repeat(1e6))", { timeoutMs: 300 });
    expect(result).toMatchObject({ timedOut: true, truncated: true });
    expect(result.printed).toMatch(/^x{100}/);
  });

  test("cannot change how its values are read", async () => {
    const code = `JSON.stringify = () => "forged"; Object.prototype.toJSON = undefined; ({ a: 1 })`;
    expect(await run(code)).toMatchObject({ value: `{"a":1}` });
  });

  test("keeps nothing for the next one", async () => {
    await run("globalThis.kept = 1; Array.prototype.kept = 1");
    expect(await run("[typeof kept, [].kept ?? null]")).toMatchObject({
      value: `["undefined",null]`,
    });
  });

  test("is cancelled by its signal, and does not hold up the engine meanwhile", async () => {
    const cancel = new AbortController();
    let turns = 0;
    const counting = setInterval(() => (turns += 1), 10);
    setTimeout(() => cancel.abort(new Error("enough")), 300);
    await expect(run("for (;;) {}", { signal: cancel.signal })).rejects.toThrow("enough");
    clearInterval(counting);
    expect(turns).toBeGreaterThan(5);
    await expect(run("1", { signal: cancel.signal })).rejects.toThrow("enough");
  });
});
