import { z } from "zod";
import { scoped } from "./event-fields.ts";

const live = { runId: z.string(), at: z.int(), ...scoped };

const liveEventSchema = z.discriminatedUnion("type", [
  z.object({ ...live, type: z.literal("text.delta"), turn: z.int(), text: z.string() }),
  z.object({
    ...live,
    type: z.literal("reasoning.delta"),
    turn: z.int(),
    text: z.string(),
  }),
  z.object({
    ...live,
    type: z.literal("tool.progress"),
    turn: z.int(),
    toolCallId: z.string(),
    message: z.string(),
  }),
]);

/** An event for watchers only. */
export type LiveEvent = z.infer<typeof liveEventSchema>;
