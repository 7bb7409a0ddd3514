import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import type { JsonValue } from "../../src/base/json.ts";
import type { RunRequest } from "../../src/engine/create-run.ts";
import type { StoredEvent } from "../../src/events/event.ts";
import { eventsOf, type ScriptedTurn, testEngine } from "./engine.ts";
import { temporaryFolder } from "./temporary.ts";

export const append = (path: string, line: string) => ({
  name: "append_line",
  arguments: { path, line },
});
export const done = { text: "Done." };
/** Writes what the check does not look for, and spoils what was there. */
export const wrong: readonly ScriptedTurn[] = [
  { tool_calls: [append("wrong.txt", "no"), append("given.txt", "spoilt")] },
  done,
];
export const right: readonly ScriptedTurn[] = [{ tool_calls: [append("right.txt", "yes")] }, done];
export const price = { inputPerMillionUsd: 5, outputPerMillionUsd: 20 };
export const check = "grep -q yes right.txt";

export interface Setup {
  readonly low?: readonly ScriptedTurn[];
  readonly medium?: readonly ScriptedTurn[];
  readonly settings?: Readonly<Record<string, JsonValue>>;
}

/** An engine whose tiers have a script each, over a workspace with one file in it. */
export function setUp({ low = wrong, medium = right, settings = {} }: Setup = {}, at?: string) {
  const folder = at ?? temporaryFolder("escalation");
  const workspace = join(folder, "work");
  if (at === undefined) {
    mkdirSync(join(workspace, ".git"), { recursive: true });
    writeFileSync(join(workspace, "given.txt"), "given\n");
    writeFileSync(join(workspace, ".git/HEAD"), "ref\n");
    for (const [name, turns] of Object.entries({ low, medium })) {
      writeFileSync(join(folder, `${name}.yaml`), stringify({ name, turns }));
    }
  }
  const made = testEngine(
    {
      "routing.enabled": true,
      "routing.tiers.low.model": "scripted:low.yaml",
      "routing.tiers.medium.model": "scripted:medium.yaml",
      "routing.tiers.high.model": "scripted:medium.yaml",
      "routing.escalation.enabled": true,
      "limits.maxChecks": 1,
      prices: {
        low: price,
        medium: { ...price, inputPerMillionUsd: 50 },
      },
      ...settings,
    },
    folder,
  );
  const { runs, store } = made.engine;
  return {
    ...made,
    workspace,
    log: (runId: string) => store.runLog.read(runId),
    create: (request: Partial<RunRequest> = {}) =>
      runs.create({
        task: { kind: "text", text: "Do it.", workspace },
        model: undefined,
        effort: undefined,
        mcpCommands: [],
        checks: [check],
        ...request,
      }),
  };
}

export const decisionIn = (log: readonly StoredEvent[]) =>
  eventsOf(log, "escalation.decided").at(-1);
export const endOf = (log: readonly StoredEvent[]) => eventsOf(log, "run.finished").at(-1);
