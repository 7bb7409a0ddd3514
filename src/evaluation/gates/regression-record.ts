import { z } from "zod";
import { digestOf } from "../../base/digest.ts";
import { Agent33Error } from "../../base/errors.ts";
import { concerns, type RegressionFinding, regressionKinds } from "./find-regressions.ts";

/** Where the work on a regression stands. */
export const triageStates = [
  "new",
  "investigating",
  "identified",
  "fixing",
  "resolved",
  "wontfix",
] as const;
export type TriageState = (typeof triageStates)[number];
const ended: readonly TriageState[] = ["resolved", "wontfix"];

const entry = z.strictObject({
  /** Milliseconds since the Unix epoch. */
  at: z.int(),
  by: z.string(),
  state: z.enum(triageStates),
  note: z.string(),
});

/** A regression that was found, and what people did about it. */
export const regressionSchema = z.strictObject({
  format: z.literal("agent33-regression/1"),
  id: z.string().regex(/^[0-9a-f]{12}$/),
  kind: z.enum(regressionKinds),
  concern: z.enum(concerns),
  /** Compared with the newest baseline of this branch. */
  against: z.string(),
  condition: z.string(),
  subject: z.string(),
  state: z.enum(triageStates),
  owner: z.string().nullable(),
  /** Of the job in which it was last seen. */
  p: z.number().nullable(),
  before: z.number().nullable(),
  after: z.number().nullable(),
  message: z.string(),
  /** Ids of the jobs in which it was seen, the latest last. */
  jobs: z.array(z.string()).min(1),
  history: z.array(entry).min(1),
});
export type Regression = z.infer<typeof regressionSchema>;

/** What saw a regression, and when. */
export interface Sighting {
  readonly finding: RegressionFinding;
  readonly against: string;
  /** Of the job. */
  readonly job: { readonly id: string; readonly name: string };
  /** Who looks after the task, where there is one. */
  readonly owner: string | null;
  readonly at: number;
}

/** The same regression has the same id, whichever job saw it. */
export function regressionId({ finding, against }: Pick<Sighting, "finding" | "against">): string {
  const { kind, subject, conditionKey } = finding;
  return digestOf({ kind, subject, conditionKey, against }).slice(0, 12);
}

/**
 * A regression after it was seen, again or for the first time. One that was resolved is new again; one
 * that stays as it is (`wontfix`) stays so. The same job seen twice is one sighting.
 */
export function sighted(before: Regression | undefined, seen: Sighting): Regression {
  const { finding, against, job, owner, at } = seen;
  const { conditionKey: _inId, ...what } = finding;
  const figures = { ...what, format: "agent33-regression/1" as const, against };
  const came = (note: string) => ({ at, by: "agent33", state: "new" as const, note });
  if (before === undefined) {
    const history = [came(`Found in the job ${job.name}.`)];
    const id = regressionId(seen);
    return { ...figures, id, state: "new", owner, jobs: [job.id], history };
  }
  if (before.jobs.includes(job.id)) return before;
  const jobs = [...before.jobs, job.id];
  if (before.state !== "resolved") return { ...before, ...figures, jobs };
  const history = [...before.history, came(`Came back in the job ${job.name}.`)];
  return { ...before, ...figures, jobs, state: "new", history };
}

/** What a person does about a regression. */
export interface Triage {
  readonly state?: TriageState | undefined;
  readonly owner?: string | undefined;
  readonly note?: string | undefined;
  readonly by: string;
  readonly at: number;
}

/**
 * A regression after somebody looked at it.
 * @throws Agent33Error `evaluation.bad_triage`
 */
export function triaged(before: Regression, { state, owner, note, by, at }: Triage): Regression {
  const next = state ?? before.state;
  if (state === undefined && owner === undefined && note === undefined) {
    throw badTriage("Nothing was said.", "Give a state, an owner or a note.");
  }
  if (next === "new" && before.state !== "new") {
    throw badTriage(
      "Only a sighting makes a regression new.",
      "From here it can become investigating, identified, fixing, resolved or wontfix.",
    );
  }
  if (ended.includes(before.state) && next !== before.state && next !== "investigating") {
    throw badTriage(
      `It is ${before.state}, and cannot become ${next}.`,
      "Take it up again first: --state investigating.",
    );
  }
  if (ended.includes(next) && next !== before.state && (note ?? "").trim() === "") {
    throw badTriage(`A regression becomes ${next} for a reason.`, 'Say it: --note "…".');
  }
  const words = [
    ...(owner === undefined ? [] : [`Owner: ${owner}.`]),
    ...(note === undefined ? [] : [note]),
  ];
  return {
    ...before,
    state: next,
    owner: owner ?? before.owner,
    history: [...before.history, { at, by, state: next, note: words.join(" ") }],
  };
}

function badTriage(message: string, hint: string): Agent33Error {
  return new Agent33Error("evaluation.bad_triage", message, { hint });
}
