import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { freshFolder, projectRoot, runInProcess } from "../support/cli.ts";
import { grantTests } from "../support/egress.ts";

grantTests("runs the guide's shell commands", { spawn: true });

const guide = readFileSync(join(projectRoot, "docs/guides/replay.md"), "utf8");
const blocks = [...guide.matchAll(/^```(sh|console)\n([\s\S]*?)^```$/gm)].map(
  ([, language = "", text = ""]) => ({ language, text }),
);

/** Ids and times differ from run to run, and lengths of time and the versions that stand in a list. */
const neutral = (text: string): string =>
  text
    .replace(/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, "ID")
    .replace(/\d+ ms|\d+\.\d s/g, "0 ms")
    .trimEnd();

/** A console's commands, each with the lines that the guide shows of what it prints. */
function commandsOf(text: string): readonly { words: string; shown: readonly string[] }[] {
  return text
    .split(/^\$ /m)
    .slice(1)
    .map((piece) => {
      const [words = "", ...shown] = piece.trimEnd().split("\n");
      return { words, shown };
    });
}

/** Lines that are shown together stand together in what was printed, in their order. */
function expectShown(shown: readonly string[], printed: string): void {
  const real = neutral(printed);
  let from = 0;
  for (const part of shown.join("\n").split(/^\[…\]$/m)) {
    const piece = neutral(part.replace(/^\n+/, ""));
    if (piece === "") continue;
    const at = real.indexOf(piece, from);
    expect(at, `"${piece}" in\n${real.slice(from)}`).toBeGreaterThanOrEqual(0);
    from = at + piece.length;
  }
}

test("the guide to replays shows what its commands print", async () => {
  const folder = freshFolder();
  const task = "examples/tasks/ledger-reconcile";
  mkdirSync(dirname(join(folder, task)), { recursive: true });
  cpSync(join(projectRoot, task), join(folder, task), { recursive: true });
  let run = "";
  let code: number | null = null;
  let seen = 0;
  for (const { language, text } of blocks) {
    if (language === "sh") {
      expect(spawnSync("sh", ["-ec", text], { cwd: folder }).status).toBe(0);
      continue;
    }
    for (const { words, shown } of commandsOf(text)) {
      seen += 1;
      if (words === "echo $?") {
        expect(shown).toEqual([String(code)]);
        continue;
      }
      const [, ...given] = words.replace("01a203e3", run).split(" ");
      const { stdout, ...end } = await runInProcess(given, folder);
      code = end.code;
      run ||= /^run (\S+)/m.exec(stdout)?.[1] ?? "";
      expectShown(shown, stdout);
    }
  }
  expect(seen).toBe(4);
}, 60_000);
