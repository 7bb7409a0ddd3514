import { Agent33Error } from "../base/errors.ts";
import type { Model, ModelTurn } from "./model.ts";
import { playTurn, turnIndexOf } from "./play-turn.ts";

/** Finds a recorded turn by its place among those of the agent that asks, from 0. */
export type TurnSource = (
  index: number,
  path: string | undefined,
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
      const index = turnIndexOf(request);
      const turn = await turnAt(index, request.asker?.path);
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
