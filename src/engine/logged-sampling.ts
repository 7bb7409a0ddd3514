import { scopeOf } from "../agents/scope.ts";
import { Agent33Error } from "../base/errors.ts";
import { sampleWith } from "../connectors/mcp/sampling.ts";
import type { EventOf, StoredEvent } from "../events/event.ts";
import type { SampledRun, Sampling } from "./server-sampling.ts";

const nothingUsed = {
  inputTokens: 0,
  cachedInputTokens: 0,
  outputTokens: 0,
  reasoningTokens: 0,
  estimated: false,
};

/**
 * Answers the servers of a replay with what the model answered them in the run, one after the
 * other.
 * @param original the log that is replayed
 * @param own the replay's own log so far
 */
export function loggedSampling(
  original: readonly StoredEvent[],
  own: readonly StoredEvent[],
  { runId, maxOutputTokens, append }: Pick<SampledRun, "runId" | "maxOutputTokens" | "append">,
): Sampling {
  return (server) => {
    const answers = answersTo(server, original);
    let next = answersTo(server, own).length;
    return sampleWith(async () => {
      const answer = answers[next];
      next += 1;
      if (answer?.parts === undefined) {
        throw new Agent33Error(
          "engine.sampling_not_logged",
          `The log has no answer number ${next} of the model to the server "${server}".`,
          { hint: "A replay asks no model. Start a new run to see what the server makes of one." },
        );
      }
      const { parts, callId, responseModel } = answer;
      const said = responseModel === undefined ? { parts } : { parts, responseModel };
      const spent = { usage: nothingUsed, costMicroUsd: 0, durationMs: 0 };
      const whose = scopeOf(answer);
      append(runId, [{ type: "sampling.completed", ...whose, server, ...said, ...spent, callId }]);
      return { ...said, usage: nothingUsed, finishReason: "stop" };
    }, maxOutputTokens);
  };
}

function answersTo(
  server: string,
  events: readonly StoredEvent[],
): readonly EventOf<"sampling.completed">[] {
  return events.filter(
    (event): event is EventOf<"sampling.completed"> =>
      event.type === "sampling.completed" && event.server === server,
  );
}
