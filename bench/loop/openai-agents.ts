import {
  Agent,
  type Model,
  type ModelRequest,
  type ModelResponse,
  run,
  setTracingDisabled,
  tool,
  Usage,
} from "@openai/agents";
import { z } from "zod";
import {
  argumentsOf,
  entryOf,
  instructions,
  lastWords,
  type LoopContender,
  placesOf,
  type RunShape,
  task,
  toolDescription,
  toolName,
  usage,
} from "./workload.ts";

function scriptedModel({ turns, calls }: RunShape): Model {
  return {
    getResponse: ({ input }: ModelRequest): Promise<ModelResponse> => {
      const turn =
        typeof input === "string"
          ? 0
          : input.filter(({ type }) => type === "function_call").length / calls;
      const called = placesOf(calls).map((place) => ({
        type: "function_call" as const,
        callId: `call-${turn}-${place}`,
        name: toolName,
        arguments: argumentsOf(turn, place),
        status: "completed" as const,
      }));
      const said = {
        type: "message",
        role: "assistant",
        status: "completed",
        content: [{ type: "output_text", text: lastWords }],
      } as const;
      return Promise.resolve({
        usage: new Usage({
          requests: 1,
          inputTokens: usage.input,
          outputTokens: usage.output,
          totalTokens: usage.input + usage.output,
        }),
        output: turn < turns ? called : [{ ...said, content: [...said.content] }],
      });
    },
    getStreamedResponse: () => {
      throw new Error("It is run without a stream.");
    },
  };
}

export const openaiAgents: LoopContender = {
  name: "@openai/agents",
  kind: "other",
  leavesOut: "keeps nothing, decides nothing by policy, audits nothing, streams nothing",
  open: async () => {
    setTracingDisabled(true);
    return {
      run: async (shape) => {
        let calls = 0;
        const agent = new Agent({
          name: "bench",
          instructions,
          model: scriptedModel(shape),
          tools: [
            tool({
              name: toolName,
              description: toolDescription,
              parameters: z.object({ entry: z.string() }),
              execute: async ({ entry }) => {
                calls += 1;
                return entryOf(entry);
              },
            }),
          ],
        });
        await run(agent, task, { maxTurns: shape.turns + 2 });
        return calls;
      },
      close: async () => undefined,
    };
  },
};
