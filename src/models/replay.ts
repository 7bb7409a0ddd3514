import { Agent33Error } from "../base/errors.ts";
import type { Model, ModelRequest, ModelTurn } from "./model.ts";
import { playTurn, turnIndexOf } from "./play-turn.ts";

/** What a recorded answer was asked for. */
export type AnswerKind = "turn" | "judgement" | "summary" | "matching";

/**
 * Finds a recorded answer by its place, from 0: among the turns of the agent that asks, or among the
 * judgements of its work or the summaries of its turns.
 */
export type TurnSource = (
  index: number,
  path: string | undefined,
  kind: AnswerKind,
) => ModelTurn | undefined | Promise<ModelTurn | undefined>;

/**
 * A model that answers with the turns of an earlier run: same request position, same answer.
 * @param run shown as the model's name
 * @returns a model whose stream throws `models.replay_exhausted` past the recording
 */
export function createReplayModel(run: string, turnAt: TurnSource): Model {
  return {
    info: { provider: "replay", model: run },
    async *stream(request, io) {
      const { asker, judgement, condensation, matching } = request;
      const index = judgement ?? condensation ?? matching ?? turnIndexOf(request);
      const turn = await turnAt(index, asker?.path, kindOf(request));
      if (turn === undefined) {
        throw new Agent33Error(
          "models.replay_exhausted",
          `The recording of run "${run}" has no turn ${index + 1}.`,
          { hint: "The replay has left the recorded path, or the run had stopped here." },
        );
      }
      yield* playTurn(turn, io);
    },
  };
}

function kindOf({ judgement, condensation, matching }: ModelRequest): AnswerKind {
  if (judgement !== undefined) return "judgement";
  if (matching !== undefined) return "matching";
  return condensation === undefined ? "turn" : "summary";
}
