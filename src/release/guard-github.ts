import { z } from "zod";
import { Agent33Error } from "../base/errors.ts";
import type { ApiReader } from "../engine/release-api.ts";
import { claimOfLabels, judgeSequence, type Landing, type SequenceVerdict } from "./sequence.ts";

/** One pull request of a repository. */
export interface PullRequestPlace {
  /** `https://api.github.com`, or `https://HOST/api/v3`. */
  readonly apiUrl: string;
  /** `owner/name`. */
  readonly repository: string;
  readonly number: number;
}

const pullSchema = z.looseObject({
  number: z.int().positive(),
  state: z.string(),
  merged_at: z.iso.datetime({ offset: true }).nullable(),
  updated_at: z.iso.datetime({ offset: true }),
  body: z.string().nullish(),
  base: z.looseObject({ ref: z.string() }),
  labels: z.array(z.looseObject({ name: z.string() })),
});
type Pull = z.infer<typeof pullSchema>;

/**
 * Judges a pull request by its `sequence:N` label as it is now, against the pull requests that were
 * merged into the same base. One that was closed and not merged, or opened again, has not landed.
 * @throws Agent33Error `release.unexpected_answer`, `boundary.*`
 */
export async function guardPullRequest(
  read: ApiReader,
  { apiUrl, repository, number }: PullRequestPlace,
): Promise<SequenceVerdict> {
  const root = `${apiUrl.replace(/\/+$/, "")}/repos/${repository}/pulls`;
  const own = parsed(pullSchema, (await read(`${root}/${number}`)).value, `pull request ${number}`);
  const base = own.base.ref;
  const claim = claimOfLabels(own.labels.map(({ name }) => name));
  if (claim.steps.length !== 1 || claim.malformed.length > 0) return judgeSequence(claim, [], base);
  const merged = await mergedInto(read, root, base, number);
  return judgeSequence(
    claim,
    merged.map((pull) => landingOf(pull, repository)),
    base,
  );
}

/**
 * Merged pull requests of a base, the latest first. Pages come by the time of the last change, which
 * is no earlier than the merge: once the start of the latest series is seen, older pages hold
 * nothing that was merged after it.
 */
async function mergedInto(
  read: ApiReader,
  root: string,
  base: string,
  own: number,
): Promise<readonly Pull[]> {
  const query = `state=closed&base=${encodeURIComponent(base)}&sort=updated&direction=desc&per_page=100`;
  const merged = new Map<number, Pull>();
  let page: string | undefined = `${root}?${query}`;
  const seen = new Set<string>();
  while (page !== undefined && !seen.has(page)) {
    seen.add(page);
    const { value, next } = await read(page);
    const pulls = parsed(z.array(pullSchema), value, "the list of pull requests");
    // A server that does not know the query's words lists others, too.
    for (const pull of pulls) {
      if (pull.merged_at !== null && pull.base.ref === base && pull.number !== own) {
        merged.set(pull.number, pull);
      }
    }
    const oldest = Math.min(...pulls.map(({ updated_at }) => Date.parse(updated_at)));
    const began = Math.max(...[...merged.values()].filter(beginsSeries).map(mergedAt));
    page = began > oldest ? undefined : next;
  }
  return [...merged.values()].toSorted((a, b) => mergedAt(b) - mergedAt(a) || b.number - a.number);
}

const mergedAt = ({ merged_at }: Pull): number => Date.parse(merged_at ?? "");
const beginsSeries = ({ labels }: Pull): boolean =>
  claimOfLabels(labels.map(({ name }) => name)).steps.includes(1);

function landingOf({ number, labels, body }: Pull, repository: string): Landing {
  return {
    id: `#${number}`,
    claim: claimOfLabels(labels.map(({ name }) => name)),
    covers: [],
    reverts: revertsIn(body ?? "", repository),
  };
}

/** What GitHub's "Revert" button writes into the new pull request: `Reverts owner/name#12`. */
function revertsIn(body: string, repository: string): readonly string[] {
  return [...body.matchAll(/^\s*Reverts\s+([\w.-]+\/[\w.-]+)?#(\d+)\b/gim)]
    .filter(([, of]) => of === undefined || of.toLowerCase() === repository.toLowerCase())
    .map(([, , number = ""]) => `#${number}`);
}

function parsed<T>(schema: z.ZodType<T>, value: unknown, what: string): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new Agent33Error(
    "release.unexpected_answer",
    `GitHub's answer for ${what} is not in its form (${issue?.path.map(String).join(".")}: ${issue?.message}).`,
    { hint: "Check the API's base URL: for Enterprise it ends in /api/v3.", cause: result.error },
  );
}
