import { readFileSync } from "node:fs";
import { z } from "zod";
import { Agent33Error, messageOf } from "../base/errors.ts";
import { type SealKeys, type Sealed, sealProblems } from "../base/seal.ts";
import {
  blockingOf,
  type GateVerdict,
  outcomeOf,
  sealedVerdictSchema,
} from "../evaluation/gates/verdict.ts";

/**
 * Reads the file that `agent33 gate run` keeps beside a job.
 * @throws Agent33Error `release.bad_gate_verdict`
 */
export function readGateVerdict(file: string): Sealed<GateVerdict> {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(file, "utf8"));
    return sealedVerdictSchema.parse(value);
  } catch (cause) {
    throw new Agent33Error(
      "release.bad_gate_verdict",
      `The gate's verdict ${file} cannot be read: ${isEarlier(value) ? earlier : faultOf(cause)}`,
      {
        hint: "Let a machine write it: agent33 gate run GATE keeps verdict-GATE.json in the job's folder.",
        cause,
      },
    );
  }
}

const earlier =
  "it is of an earlier form, or made by hand: it has no seal, so nobody knows that a gate said it";
/** Forms that were written before verdicts were sealed, and what people typed. */
const unsealed = z.looseObject({ gate: z.string(), outcome: z.string() });
const isEarlier = (value: unknown): boolean => unsealed.safeParse(value).success;

function faultOf(cause: unknown): string {
  const [issue] = cause instanceof z.ZodError ? cause.issues : [];
  return issue === undefined
    ? messageOf(cause)
    : `${issue.path.map(String).join(".") || "the file"}: ${issue.message}`;
}

/**
 * Why a verdict does not stand for a commit; nothing where it does.
 * @param wanted the gate that is asked for, if one is
 */
export function verdictProblems(
  sealed: Sealed<GateVerdict>,
  { head, wanted, keys }: { head: string; wanted: string | undefined; keys: SealKeys },
): readonly string[] {
  const { gate, outcome, checks } = sealed.body;
  const what = `the gate ${gate}`;
  const blocking = blockingOf(sealed.body);
  return [
    ...sealProblems(`the verdict of ${what}`, sealed, keys),
    ...(wanted === undefined || gate === wanted ? [] : [`${what} is not ${wanted}`]),
    ...originProblems(what, sealed.body, head),
    // Who edits an outcome and seals it again has to edit all that it follows from.
    ...(outcomeOf(checks) === outcome
      ? []
      : [`${what} says ${outcome}, and its checks say ${outcomeOf(checks)}`]),
    ...(outcome === "failed" ? [`${what} says no: ${blocking.join("; ") || "no check"}`] : []),
    ...criticalProblems(what, sealed.body),
  ];
}

function originProblems(
  what: string,
  { checkout, whyNoCheckout, job }: GateVerdict,
  head: string,
): readonly string[] {
  if (checkout === null) {
    return [`${what} judged no commit: ${whyNoCheckout ?? "it had no checkout"}`];
  }
  const { commit, dirty } = checkout;
  return [
    ...(commit === head ? [] : [`${what} judged another commit (${commit.slice(0, 12)})`]),
    ...(dirty.length === 0
      ? []
      : [
          `${what} judged a checkout with ${dirty.length} changed files (${dirty.slice(0, 3).join(", ")})`,
        ]),
    ...(job.madeHere
      ? []
      : [`${what} judged the job ${job.name}, made before: nobody knows at which commit`]),
  ];
}

/** What was not tried has not been shown. */
function criticalProblems(what: string, { tasks }: GateVerdict): readonly string[] {
  const untried = tasks
    .filter(({ tags, status }) => tags.includes("critical") && !tried.includes(status))
    .map(({ task, status }) => `${task} (${status})`);
  return untried.length === 0 ? [] : [`${what} left out critical tasks: ${untried.join(", ")}`];
}

const tried: readonly string[] = ["passed", "failed"];
