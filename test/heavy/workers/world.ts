import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { stringify } from "yaml";
import type { JsonValue } from "../../../src/base/json.ts";
import { createEngine, type Engine, loadConfig } from "../../../src/index.ts";
import { projectRoot } from "../../support/cli.ts";
import { testHost } from "../../support/engine.ts";
import { effectsTools } from "../../support/effects-peer.ts";
import type { KillRow } from "../../support/kill/rows.ts";
import { storyOf } from "../../support/kill/story.ts";
import { onceTools, type Trial } from "../../support/kill/trial.ts";

/** One store with a queue, and what its runs do to the world. */
export interface World {
  readonly folder: string;
  readonly engine: Engine;
  /** Queues a run whose effects carry its tag. */
  queue(tag: string): Promise<string>;
  isOver(runId: string): boolean;
  /** How a run went. */
  trialOf(runId: string, tag: string): Trial;
  /** Runs that a process of that number holds. */
  heldBy(pid: number): readonly string[];
  /** Whether somebody is within a write transaction and stays there. */
  isLocked(): Promise<boolean>;
}

/** What each run does: reads side by side, writes of all kinds, and two commands. */
export const workRow: KillRow = { name: "work", turns: [] };

const use = (tool: string, what: string) => ({ name: `effects__${tool}`, arguments: { what } });

function turnsOf(tag: string) {
  const shell = (word: string) => ({
    name: "run_command",
    arguments: { command: `echo ${word}-${tag} >> commands.txt; sleep 0.05` },
  });
  return [
    { tool_calls: [use("look", "a"), use("look", "b")] },
    {
      tool_calls: [
        use("put", `a-${tag}`),
        use("ring", `b-${tag}`),
        { name: "append_line", arguments: { path: "notes.txt", line: `c-${tag}` } },
      ],
    },
    { tool_calls: [shell("one"), use("put", `d-${tag}`)] },
    { tool_calls: [use("ring", `e-${tag}`), shell("two")] },
    { text: "Done." },
  ];
}

export function makeWorld(): World {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "agent33-workers-")));
  const effects = join(folder, "effects");
  mkdirSync(effects);
  writeFileSync(join(folder, "open.yaml"), stringify(openPack));
  const server = join(projectRoot, "test/support/mcp-servers/counts-effects.mjs");
  const settings: JsonValue = {
    policy: { packs: ["open"], files: [join(folder, "open.yaml")] },
    mcpServers: {
      effects: {
        type: "stdio",
        command: process.execPath,
        args: [server, effects],
        tools: effectsTools,
      },
    },
  };
  writeFileSync(join(folder, "agent33.config.yaml"), stringify(settings));
  const engine = createEngine(loadConfig({ cwd: folder, env: {}, flags: [] }), testHost(folder));
  const native = new DatabaseSync(join(folder, ".agent33/agent33.db"), { timeout: 0 });
  const linesOf = (path: string): readonly string[] =>
    existsSync(path) ? readFileSync(path, "utf8").split("\n").filter(Boolean) : [];
  return {
    folder,
    engine,
    queue: (tag) => {
      const workspace = join(folder, "workspaces", tag);
      mkdirSync(workspace, { recursive: true });
      const script = join(workspace, "script.yaml");
      writeFileSync(script, stringify({ name: "work", turns: turnsOf(tag) }));
      return engine.runs.create({
        task: { kind: "text", text: "Do it.", workspace },
        model: `scripted:${script}`,
        effort: undefined,
        mcpCommands: [],
        shell: true,
        queued: true,
      });
    },
    isOver: (runId) => engine.store.runs.get(runId)?.state === "finished",
    trialOf: (runId, tag) => {
      const workspace = join(folder, "workspaces", tag);
      const done = [
        ...linesOf(join(effects, "effects.log")).filter((line) => line.endsWith(`-${tag}`)),
        ...linesOf(join(workspace, "notes.txt")),
        ...linesOf(join(workspace, "commands.txt")),
      ];
      const openSteps = native
        .prepare("SELECT position, name FROM durable_steps WHERE run_id = ? AND state = 'started'")
        .all(runId) as JsonValue[];
      return {
        outcome: engine.store.runs.get(runId)?.outcome ?? "none",
        story: storyOf(engine.store.runLog.read(runId), [tag], onceTools),
        effects: done.map((line) => line.replaceAll(tag, "PLACE")).sort(),
        transactions: 0,
        wasCut: true,
        openSteps,
      };
    },
    heldBy: (pid) =>
      native
        .prepare("SELECT run_id FROM durable_runs WHERE state = 'running' AND owner LIKE ?")
        .all(`%:${pid}:%`)
        .map((row) => String(row["run_id"])),
    isLocked: async () => {
      // Another worker's own transactions are short.
      for (let tries = 0; tries < 40; tries += 1) {
        try {
          native.exec("BEGIN IMMEDIATE");
          native.exec("ROLLBACK");
          return false;
        } catch {
          await new Promise((resolve) => setTimeout(resolve, 10));
        }
      }
      return true;
    },
  };
}

/** Everything may be done: what is tried here is not the policy. */
const openPack = {
  pack: "open",
  version: 1,
  description: "for these runs",
  default: "allow",
  rules: [
    { id: "here", allow: { private: true }, reason: "Servers on this machine are part of it." },
  ],
};
