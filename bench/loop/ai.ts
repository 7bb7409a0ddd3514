import type { LanguageModelV4, LanguageModelV4GenerateResult } from "@ai-sdk/provider";
import { isStepCount, ToolLoopAgent, tool } from "ai";
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

const reported: LanguageModelV4GenerateResult["usage"] = {
  inputTokens: { total: usage.input, noCache: usage.input, cacheRead: 0, cacheWrite: 0 },
  outputTokens: { total: usage.output, text: usage.output, reasoning: 0 },
};

function scriptedModel({ turns, calls: perTurn }: RunShape): LanguageModelV4 {
  const answer = (prompt: readonly { readonly role: string }[]): LanguageModelV4GenerateResult => {
    const turn = prompt.filter(({ role }) => role === "assistant").length;
    const calls = turn < turns;
    return {
      content: calls
        ? placesOf(perTurn).map((place) => ({
            type: "tool-call" as const,
            toolCallId: `call-${turn}-${place}`,
            toolName,
            input: argumentsOf(turn, place),
          }))
        : [{ type: "text", text: lastWords }],
      finishReason: { unified: calls ? "tool-calls" : "stop", raw: undefined },
      usage: reported,
      warnings: [],
    };
  };
  return {
    specificationVersion: "v4",
    provider: "scripted",
    modelId: "scripted",
    supportedUrls: {},
    doGenerate: ({ prompt }) => Promise.resolve(answer(prompt)),
    doStream: ({ prompt }) => {
      const { content, finishReason, usage } = answer(prompt);
      return Promise.resolve({
        stream: new ReadableStream({
          start: (controller) => {
            controller.enqueue({ type: "stream-start", warnings: [] });
            for (const part of content) {
              if (part.type === "text") {
                controller.enqueue({ type: "text-start", id: "0" });
                controller.enqueue({ type: "text-delta", id: "0", delta: part.text });
                controller.enqueue({ type: "text-end", id: "0" });
              } else if (part.type === "tool-call") controller.enqueue(part);
            }
            controller.enqueue({ type: "finish", finishReason, usage });
            controller.close();
          },
        }),
      });
    },
  };
}

function contender(name: string, streams: boolean): LoopContender {
  return {
    name,
    kind: "other",
    leavesOut: "keeps nothing, decides nothing by policy, audits nothing, resumes nothing",
    open: async () => ({
      run: async (shape) => {
        let calls = 0;
        const agent = new ToolLoopAgent({
          model: scriptedModel(shape),
          instructions,
          tools: {
            [toolName]: tool({
              description: toolDescription,
              inputSchema: z.object({ entry: z.string() }),
              execute: async ({ entry }) => {
                calls += 1;
                return entryOf(entry);
              },
            }),
          },
          stopWhen: isStepCount(shape.turns + 2),
        });
        if (streams) {
          const result = await agent.stream({ prompt: task });
          await result.consumeStream();
        } else await agent.generate({ prompt: task });
        return calls;
      },
      close: async () => undefined,
    }),
  };
}

export const aiGenerate = contender("ai, generate", false);
export const aiStream = contender("ai, stream", true);
