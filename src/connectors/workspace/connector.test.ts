import { execFileSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { grantTests } from "../../../test/support/egress.ts";
import type { Tool } from "../../tools/tool.ts";
import { asOrdinaryUser } from "../../../test/support/ordinary-user.ts";
import { appendLineTool } from "./connector.ts";

grantTests("asks another program about a file", { spawn: true });

const fifoMaker = "mkfifo";
let base: string;
let root: string;
let outside: string;
let tool: Tool;

beforeEach(() => {
  base = realpathSync(mkdtempSync(join(tmpdir(), "agent33-workspace-")));
  root = join(base, "work");
  outside = join(base, "outside");
  mkdirSync(root);
  mkdirSync(outside);
  tool = appendLineTool(root);
});
afterEach(() => rmSync(base, { recursive: true }));

const context = { signal: new AbortController().signal, idempotencyKey: "k", progress: () => {} };
const append = (path: string, line = "text") => tool.run({ path, line }, context);
const textOf = (path: string) => readFileSync(join(root, path), "utf8");

describe("append_line", () => {
  test("is a write that may not repeat", () => {
    expect(tool).toMatchObject({
      name: "append_line",
      effect: "write",
      repeat: "once",
      source: "tool:workspace",
    });
  });

  test("makes the file and appends to it, one line a call", async () => {
    expect(await append("log.txt", "one")).toMatchObject({ isError: false });
    await append("log.txt", "");
    await append("log.txt", "zwei ü");
    expect(textOf("log.txt")).toBe("one\n\nzwei ü\n");
  });

  test("does not join its line to an unfinished one", async () => {
    writeFileSync(join(root, "open.txt"), "no line break");
    await append("open.txt", "mine");
    expect(textOf("open.txt")).toBe("no line break\nmine\n");
  });

  test("writes into folders that exist, also through a link that stays inside", async () => {
    mkdirSync(join(root, "sub"));
    symlinkSync("sub", join(root, "alias"));
    expect((await append("sub/a.txt")).isError).toBe(false);
    expect((await append("alias/a.txt")).isError).toBe(false);
    expect(textOf("sub/a.txt")).toBe("text\ntext\n");
    expect(await append("absent/a.txt")).toMatchObject({
      isError: true,
      content: expect.stringContaining("does not exist"),
    });
  });

  test("works where the workspace itself is reached through a link", async () => {
    symlinkSync(root, join(base, "link-to-work"));
    const linked = appendLineTool(join(base, "link-to-work"));
    expect((await linked.run({ path: "a.txt", line: "x" }, context)).isError).toBe(false);
    expect(textOf("a.txt")).toBe("x\n");
  });

  test.each([
    "../outside/a.txt",
    "sub/../../outside/a.txt",
    "..",
    ".",
    "./",
    "a\0b",
    "..\\outside\\a.txt",
  ])("refuses the path %j", async (path) => {
    mkdirSync(join(root, "sub"));
    expect(await append(path)).toMatchObject({
      isError: true,
      content: expect.stringContaining("refused"),
    });
    expect(existsSync(join(outside, "a.txt"))).toBe(false);
  });

  test("refuses an absolute path, also one inside", async () => {
    expect((await append(join(outside, "a.txt"))).isError).toBe(true);
    expect((await append(join(root, "a.txt"))).isError).toBe(true);
  });

  test("refuses links that lead out: a folder, a file, and a file that does not exist yet", async () => {
    writeFileSync(join(outside, "secret.txt"), "untouched");
    symlinkSync(outside, join(root, "folder"));
    symlinkSync(join(outside, "secret.txt"), join(root, "file.txt"));
    symlinkSync(join(outside, "new.txt"), join(root, "dangling.txt"));
    for (const path of ["folder/secret.txt", "folder/new.txt", "file.txt", "dangling.txt"]) {
      expect((await append(path)).isError).toBe(true);
    }
    expect(readFileSync(join(outside, "secret.txt"), "utf8")).toBe("untouched");
    expect(existsSync(join(outside, "new.txt"))).toBe(false);
  });

  test("says why it cannot write to a folder, and does not wait for a pipe", async () => {
    mkdirSync(join(root, "sub"));
    execFileSync(fifoMaker, [join(root, "pipe")]);
    expect(await append("sub")).toMatchObject({
      isError: true,
      content: expect.stringContaining("folder"),
    });
    expect(await append("pipe")).toMatchObject({
      isError: true,
      content: expect.stringContaining("regular file"),
    });
  });

  test("says that a file may not be written", async () => {
    writeFileSync(join(root, "fixed.txt"), "");
    chmodSync(join(root, "fixed.txt"), 0o444);
    await asOrdinaryUser([base, root], async () => {
      expect(await append("fixed.txt")).toMatchObject({
        isError: true,
        content: expect.stringContaining("may not"),
      });
    });
  });

  test("does not let a file grow without bound", async () => {
    writeFileSync(join(root, "big.txt"), "");
    truncateSync(join(root, "big.txt"), 16 * 1024 * 1024 - 2);
    expect(await append("big.txt")).toMatchObject({
      isError: true,
      content: expect.stringContaining("16 MiB"),
    });
  });

  test.each(["a\nb", "a\r", "\u2028", "x".repeat(70_000)])("refuses the line %#", (line) => {
    expect(tool.parse({ path: "a.txt", line })).toMatchObject({
      ok: false,
      error: { code: "tools.invalid_arguments", message: expect.stringContaining("line: ") },
    });
  });

  test("never writes outside, whatever the path", async () => {
    symlinkSync(outside, join(root, "out"));
    const part = fc.constantFrom("..", ".", "out", "sub", "a", "", "~", "\\", "..\\");
    await fc.assert(
      fc.asyncProperty(fc.array(part, { minLength: 1, maxLength: 5 }), async (parts) => {
        await append(parts.join("/") || ".");
        expect(existsSync(join(outside, "a"))).toBe(false);
        expect(existsSync(join(base, "a"))).toBe(false);
      }),
    );
  });
});
