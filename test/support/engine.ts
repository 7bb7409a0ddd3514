import { writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import type { JsonValue } from "../../src/base/json.ts";
import { insideOf } from "../../src/base/outside.ts";
import { type Config, type FlagSetting, loadConfig } from "../../src/config/config.ts";
import { createEngine, type Engine, thisHost } from "../../src/engine.ts";
import type { RunRequest } from "../../src/engine/create-run.ts";
import type { Host } from "../../src/engine/host.ts";
import type { EventOf, StoredEvent } from "../../src/events/event.ts";
import { temporaryFolder } from "./temporary.ts";

/** One scripted turn, in the words of a script file. */
export interface ScriptedTurn {
  readonly text?: string;
  readonly reasoning?: string;
  readonly tool_calls?: readonly {
    readonly name: string;
    readonly arguments?: JsonValue;
    readonly arguments_text?: string;
  }[];
}

export interface TestEngine {
  readonly engine: Engine;
  readonly folder: string;
  readonly host: Host;
  readonly config: Config;
  /** Writes the turns down and gives their model specification. */
  script(turns: readonly ScriptedTurn[]): string;
  /** Creates and drives a run in words; gives its log. */
  run(
    turns: readonly ScriptedTurn[],
    request?: Partial<RunRequest>,
  ): Promise<{
    readonly runId: string;
    readonly outcome: string;
    readonly events: readonly StoredEvent[];
  }>;
}

export function testHost(cwd: string, env: Record<string, string> = {}): Host {
  return { ...thisHost({ PATH: process.env["PATH"] ?? "", TMPDIR: tmpdir(), ...env }), cwd };
}

/** A real engine over a fresh folder, with the store as fast as tests need it. */
export function testEngine(
  settings: Readonly<Record<string, JsonValue>> = {},
  folder?: string,
  env: Record<string, string> = {},
  machine: Partial<Pick<Host, "clock" | "warn">> = {},
): TestEngine {
  const cwd = folder ?? temporaryFolder("engine");
  const host = { ...testHost(cwd, env), ...machine };
  const flags: FlagSetting[] = Object.entries({ "store.synchronous": "normal", ...settings }).map(
    ([setting, value]) => ({
      setting,
      flag: `--${setting}`,
      value,
    }),
  );
  const config = loadConfig({ cwd, env: {}, flags });
  const engine = createEngine(config, host);
  let scripts = 0;
  const script = (turns: readonly ScriptedTurn[]): string => {
    scripts += 1;
    const path = join(cwd, `script-${scripts}.yaml`);
    writeFileSync(path, stringify({ name: "test", turns }));
    return `scripted:${path}`;
  };
  return {
    engine,
    folder: cwd,
    host,
    config,
    script,
    run: async (turns, request = {}) => {
      const runId = await engine.runs.create({
        task: { kind: "text", text: "Do it.", workspace: cwd },
        model: script(turns),
        effort: undefined,
        mcpCommands: [],
        ...request,
      });
      const { outcome } = await engine.runs.drive(runId);
      return { runId, outcome, events: engine.store.runLog.read(runId) };
    },
  };
}

export function eventsOf<T extends StoredEvent["type"]>(
  events: readonly StoredEvent[],
  type: T,
): readonly EventOf<T>[] {
  return events.filter((event): event is EventOf<T> => event.type === type);
}

/** The results of tools, without the marks of what came from outside. */
export function resultsOf(events: readonly StoredEvent[]): readonly EventOf<"tool.completed">[] {
  return eventsOf(events, "tool.completed").map((event) => ({
    ...event,
    content: insideOf(event.content),
  }));
}
