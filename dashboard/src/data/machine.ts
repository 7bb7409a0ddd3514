import { api, type ExamineMachineAnswer, type Result } from "../api.ts";

type Answer = Result<ExamineMachineAnswer>;

/** How long what was found is taken as it is. Milliseconds. */
const freshMs = 600_000;
let known: { readonly at: number; readonly answer: Answer } | undefined;

/**
 * What works on the server's machine. Looking makes calls that are in the audit, so it is done again
 * only after ten minutes, or where a person asks for it.
 */
export async function examineMachine(
  { isFresh }: { readonly isFresh: boolean },
  signal: AbortSignal,
): Promise<Answer> {
  if (!isFresh && known !== undefined && Date.now() - known.at < freshMs) return known.answer;
  const answer = await api.examineMachine({}, { signal });
  if (answer.ok) known = { at: Date.now(), answer };
  return answer;
}
