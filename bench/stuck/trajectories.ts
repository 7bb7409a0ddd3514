import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { Agent33Error } from "../../src/base/errors.ts";
import type { PlayedCall, PlayedTurn } from "../../test/support/played-run.ts";

/** A real run, as turns of ours. */
export interface Trajectory {
  readonly name: string;
  readonly reward: number;
  readonly turns: readonly PlayedTurn[];
}

const path = "trajectories/gpt-4o-airline.json";

const messageSchema = z.discriminatedUnion("role", [
  z.object({ role: z.literal("system") }),
  z.object({ role: z.literal("user"), content: z.string() }),
  z.object({
    role: z.literal("assistant"),
    tool_calls: z
      .array(
        z.object({
          id: z.string(),
          function: z.object({ name: z.string(), arguments: z.string() }),
        }),
      )
      .nullish(),
  }),
  z.object({ role: z.literal("tool"), tool_call_id: z.string(), content: z.string() }),
]);
const fileSchema = z.array(
  z.object({
    task_id: z.int(),
    trial: z.int(),
    reward: z.number(),
    traj: z.array(messageSchema),
  }),
);

/** The tools of these runs that only read; all others change something, or may. */
export const airlineReads = [
  "get_reservation_details",
  "get_user_details",
  "search_direct_flight",
  "search_onestop_flight",
  "list_all_airports",
  "calculate",
];

/**
 * Reads the runs.
 * @param folder what `AGENT33_BENCH_DATA` names
 * @throws Agent33Error `bench.no_data` where the file is not there
 */
export function readTrajectories(folder: string | undefined): readonly Trajectory[] {
  if (folder === undefined || !existsSync(join(folder, path))) {
    throw new Agent33Error("bench.no_data", "The runs to look at are not here.", {
      hint: `Set AGENT33_BENCH_DATA to the folder with ${path}.`,
    });
  }
  const file = fileSchema.parse(JSON.parse(readFileSync(join(folder, path), "utf8")));
  return file.map(({ task_id, trial, reward, traj }) => {
    return { name: `task ${task_id} trial ${trial}`, reward, turns: turnsOf(traj) };
  });
}

/** The same run as if nobody had said anything in it: its turns with calls, in a row. */
export function withoutPeople(turns: readonly PlayedTurn[]): readonly PlayedTurn[] {
  return turns.filter(({ calls }) => calls.length > 0).map(({ calls }) => ({ calls }));
}

function turnsOf(messages: readonly z.infer<typeof messageSchema>[]): readonly PlayedTurn[] {
  const results = new Map<string, string>();
  for (const message of messages) {
    if (message.role === "tool") results.set(message.tool_call_id, message.content);
  }
  const turns: PlayedTurn[] = [];
  let said: string | undefined;
  for (const message of messages) {
    if (message.role === "user") said = message.content;
    if (message.role !== "assistant") continue;
    const calls = (message.tool_calls ?? []).map((asked): PlayedCall => {
      const content = results.get(asked.id) ?? "";
      const { name, arguments: argumentsText } = asked.function;
      return { tool: name, argumentsText, content, isError: content.startsWith("Error") };
    });
    turns.push(said === undefined ? { calls } : { said, calls });
    said = undefined;
  }
  return turns;
}
