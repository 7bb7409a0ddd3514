import { isAgent33Error } from "../../base/errors.ts";
import { BoundaryError } from "../../boundary/errors.ts";

/**
 * What the sandbox throws, as the boundary's error; undefined for what is not known here.
 *
 * | what happened | becomes |
 * |---|---|
 * | `sandbox.unavailable`: there was a sandbox when the tool was offered, and is none now | `transport`, `before_send` |
 * | `sandbox.folder_refused`: the workspace cannot be shown to a sandbox | `transport`, `before_send`; it says nothing of other workspaces |
 */
export function shellError(error: unknown): BoundaryError | undefined {
  if (!isAgent33Error(error)) return undefined;
  const ofTheMachine = error.code === "sandbox.unavailable";
  if (!ofTheMachine && error.code !== "sandbox.folder_refused") return undefined;
  return new BoundaryError("transport", error.message, {
    phase: "before_send",
    retryable: false,
    countsAgainstBreaker: ofTheMachine,
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    cause: error,
  });
}
