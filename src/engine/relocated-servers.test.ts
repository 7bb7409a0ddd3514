import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import { temporaryFolder } from "../../test/support/temporary.ts";
import { relocatedServers } from "./relocated-servers.ts";

let home: string;
let from: string;
beforeEach(() => {
  home = temporaryFolder("relocated");
  from = join(home, "notes");
  mkdirSync(join(from, "sub"), { recursive: true });
});

const to = "/scratch";

function started(args: readonly string[], cwd = home) {
  const common = { name: "s", command: "server", startFolder: home, tools: {} };
  const server = { ...common, args: [...args], cwd, from: "flag" as const };
  const [moved] = relocatedServers([server], { from, to });
  return moved !== undefined && "args" in moved ? moved : undefined;
}

test.each([
  [() => ["notes"], ["/scratch"]],
  [() => ["notes/sub", "--root=notes"], ["/scratch/sub", "--root=/scratch"]],
  [() => [from, `--root=${from}/made-later`], ["/scratch", "--root=/scratch/made-later"]],
  [() => [`file://${from}/a.db?mode=ro`], ["file:///scratch/a.db?mode=ro"]],
  [() => ["serve", "--port", "80", "elsewhere"], ["serve", "--port", "80", "elsewhere"]],
])("arguments that name the workspace name the scratch copy: %#", (args, expected) => {
  expect(started(args())?.args).toEqual(expected);
});

test("a server that starts in the workspace starts in the copy, and its own names stay", () => {
  expect(started([".", "sub"], from)).toMatchObject({ cwd: "/scratch", args: [".", "sub"] });
});

test("a server at an address is left as it is", () => {
  const there = { name: "s", url: "https://a.example/mcp", tools: {}, from: "flag" as const };
  expect(relocatedServers([there], { from, to })).toEqual([there]);
});
