import { lstat, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { Agent33Error, messageOf, systemCodeOf } from "../../base/errors.ts";
import { err, ok, type Result } from "../../base/result.ts";

/** What a verifier gave: `reward` decides, the others are for the record. */
export interface Reward {
  readonly reward: number;
  /** Every number of reward.json, or `reward` alone. */
  readonly rewards: Readonly<Record<string, number>>;
}

/** Files that a verifier leaves in the logs folder. An older one must not pass for a verdict. */
const verdictFiles = ["reward.json", "reward.txt", "ctrf.json"];
const largestBytes = 64 * 1024;
const rewardObject = z.record(z.string(), z.unknown());

/** Removes the verdict of an earlier run, or one that was put there to deceive. */
export async function removeVerdicts(logsDir: string): Promise<void> {
  for (const name of verdictFiles) await rm(join(logsDir, name), { recursive: true, force: true });
}

/**
 * Reads a verifier's verdict as Harbor does: the numbers of reward.json, else the one number in
 * reward.txt, which also stands in where reward.json has no `reward`.
 * @returns the reward, or `evaluation.reward_missing` or `evaluation.reward_unparsable`: a verdict
 * that is not there is never a zero
 */
export async function readReward(logsDir: string): Promise<Result<Reward>> {
  const jsonPath = join(logsDir, "reward.json");
  const textPath = join(logsDir, "reward.txt");
  const json = await verdictText(jsonPath);
  if (!json.ok) return json;
  let rewards: Record<string, number> = {};
  if (json.value !== undefined) {
    const parsed = numbersOf(json.value, jsonPath);
    if (!parsed.ok) return parsed;
    rewards = parsed.value;
    if (rewards["reward"] !== undefined) return ok({ reward: rewards["reward"], rewards });
  }
  const text = await verdictText(textPath);
  if (!text.ok) return text;
  if (text.value === undefined) return err(missing(logsDir, json.value !== undefined));
  const reward = text.value.trim() === "" ? Number.NaN : Number(text.value);
  if (!Number.isFinite(reward)) return err(unparsable(textPath, "it holds no number"));
  return ok({ reward, rewards: { ...rewards, reward } });
}

async function verdictText(path: string): Promise<Result<string | undefined>> {
  try {
    const found = await lstat(path);
    // A link could lead to a file that the agent wrote.
    if (!found.isFile()) return err(unparsable(path, "it is not a regular file"));
    if (found.size > largestBytes) return err(unparsable(path, `it has ${found.size} bytes`));
    return ok(await readFile(path, "utf8"));
  } catch (cause) {
    if (systemCodeOf(cause) === "ENOENT") return ok(undefined);
    return err(unparsable(path, messageOf(cause)));
  }
}

function numbersOf(text: string, path: string): Result<Record<string, number>> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    return err(unparsable(path, messageOf(cause)));
  }
  const parsed = rewardObject.safeParse(value);
  if (!parsed.success) return err(unparsable(path, "it is not a JSON object"));
  const numbers: Record<string, number> = {};
  for (const [name, item] of Object.entries(parsed.data)) {
    if (typeof item === "number" && Number.isFinite(item)) numbers[name] = item;
  }
  return ok(numbers);
}

function missing(logsDir: string, hasJson: boolean): Agent33Error {
  return new Agent33Error(
    "evaluation.reward_missing",
    hasJson
      ? `The verifier's reward.json in "${logsDir}" has no number named "reward".`
      : `The verifier left no reward.txt and no reward.json in "${logsDir}".`,
    { hint: "Read the verifier's output: it ended before it could give a verdict." },
  );
}

function unparsable(path: string, what: string): Agent33Error {
  return new Agent33Error(
    "evaluation.reward_unparsable",
    `The verdict "${path}" cannot be read: ${what}.`,
    { hint: 'Write one number into reward.txt, or {"reward": 1} into reward.json.' },
  );
}
