import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { seededRandom } from "../../src/base/random.ts";
import { readTrials } from "../../src/evaluation/trials/read-trials.ts";
import { interruptedCode } from "../../src/evaluation/trials/trial-folder.ts";
import { rewardOf, type Trial } from "../../src/evaluation/trials/trial.ts";
import { startCli } from "../support/cli.ts";
import type { HeavySuite } from "./suite.ts";

const taskCount = 6;
const repetitions = 4;
/** Of one kind with planted flakiness, and of those who pass and fail always. */
const trialCount = taskCount * repetitions * 3;
const kills = 3;
/** What is told of a job is some hundreds of events; a kill falls on one of the first. */
const eventsBetween = 40;

function tasksIn(root: string): void {
  for (let index = 0; index < taskCount; index += 1) {
    const files = {
      "task.toml": "[agent]\ntimeout_sec = 30\n[verifier]\ntimeout_sec = 30\n",
      "instruction.md": `Write yes into done, task ${index}.\n`,
      "environment/seed.txt": `${index}\n`,
      "solution/solve.sh": "sleep 0.05; echo yes > done\n",
      "tests/test.sh":
        'sleep 0.05\nif grep -q yes done; then echo 1; else echo 0; fi > "$AGENT33_LOGS_DIR/reward.txt"\n',
    };
    for (const [path, text] of Object.entries(files)) {
      const place = join(root, `tasks/t${index}`, path);
      mkdirSync(dirname(place), { recursive: true });
      writeFileSync(place, text);
    }
  }
}

/** Passes by task and repetition; leaves something running that nobody asked for. */
const flaky =
  "flaky=sh -c '(sleep 120 &) ; sleep 0.1; n=$(cat seed.txt); test $(( (n + AGENT33_REPETITION) % 3 )) = 0 || echo yes > done'";

const runWords = (job: string): readonly string[] => [
  "eval",
  "run",
  "tasks",
  "--environment",
  "host",
  "--data",
  "data",
  "--job",
  job,
  "--agent",
  "oracle",
  "--agent",
  "nop",
  "--command",
  flaky,
  "--trials",
  String(repetitions),
  "--parallel",
  "4",
  "--json",
];
const resumeWords = (job: string): readonly string[] => [
  "eval",
  "resume",
  `jobs/${job}`,
  "--data",
  "data",
  "--parallel",
  "4",
  "--json",
];

/** Runs the program until it has told so much and a moment longer, and kills it; or to its end. */
async function drive(
  root: string,
  words: readonly string[],
  kill?: { readonly events: number; readonly afterMs: number },
): Promise<{ readonly killed: boolean; readonly code: number | null; readonly said: string }> {
  const { child, ended } = startCli(words, { cwd: root });
  let lines = 0;
  let killed = false;
  child.stdout?.on("data", (chunk: string) => {
    lines += chunk.split("\n").length - 1;
    if (kill === undefined || killed || lines < kill.events) return;
    killed = true;
    setTimeout(() => child.kill("SIGKILL"), kill.afterMs);
  });
  const { code, stderr } = await ended;
  return { killed: code === null, code, said: stderr };
}

async function rewards(
  root: string,
  job: string,
): Promise<ReadonlyMap<string, number | undefined>> {
  const { trials } = await readTrials(join(root, "jobs", job));
  return new Map(trials.map((trial) => [trial.name, rewardOf(trial)]));
}

/** Processes of this job that still run. */
function leftovers(dir: string): readonly string[] {
  return readdirSync("/proc").filter((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      return readFileSync(`/proc/${pid}/environ`, "latin1").includes(`${dir}/`);
    } catch {
      // Gone, or of somebody else.
      return false;
    }
  });
}

/** What is wrong with a job that was killed and resumed, beside one that was not. */
async function faultsOf(
  root: string,
  job: string,
  undisturbed: ReadonlyMap<string, number | undefined>,
): Promise<{ readonly faults: readonly string[]; readonly interrupted: number }> {
  const dir = join(root, "jobs", job);
  const { trials } = await readTrials(dir);
  const faults: string[] = [];
  if (trials.length !== trialCount) faults.push(`${trials.length} trials, not ${trialCount}`);
  const folders = readdirSync(dir).filter((name) => name.includes("__"));
  if (folders.length !== trialCount) faults.push(`${folders.length} folders of trials`);
  for (const trial of trials) {
    const was = undisturbed.get(trial.name);
    if (rewardOf(trial) !== was) faults.push(`${trial.name} is ${rewardOf(trial)}, was ${was}`);
    if (existsSync(join(dir, trial.name, "environment")))
      faults.push(`${trial.name} left its place`);
  }
  const left = leftovers(dir);
  if (left.length > 0) faults.push(`still running: ${left.join(", ")}`);
  const retries = trials.flatMap((trial: Trial) => trial.retries);
  const strange = retries.filter(({ code }) => code !== interruptedCode);
  if (strange.length > 0) faults.push(`retries of another kind: ${strange[0]?.code ?? ""}`);
  return { faults, interrupted: retries.length };
}

export const evalKill: HeavySuite = {
  about: "kills a job of trials three times and resumes it to the same verdicts",
  defaultRounds: 10,
  run: async (rounds, say, seed) => {
    const root = mkdtempSync(join(tmpdir(), "agent33-eval-kill-"));
    tasksIn(root);
    const random = seededRandom(seed);
    const whole = await drive(root, runWords("undisturbed"));
    if (whole.code !== 0)
      throw new Error(`the undisturbed job ended with ${whole.code}: ${whole.said}`);
    const undisturbed = await rewards(root, "undisturbed");
    let failed = 0;
    for (let round = 1; round <= rounds; round += 1) {
      const job = `round-${round}`;
      const faults: string[] = [];
      let done = 0;
      for (let kill = 0; kill < kills; kill += 1) {
        const when = {
          events: 1 + Math.floor(random.next() * eventsBetween),
          afterMs: Math.floor(random.next() * 60),
        };
        // Before its folder is whole a job is begun again, and not resumed.
        const begun = existsSync(join(root, "jobs", job, "config.json"));
        const words = begun ? resumeWords(job) : runWords(job);
        const { killed, said } = await drive(root, words, when);
        if (killed) done += 1;
        else faults.push(`it ended before it was killed: ${said}`);
      }
      const last = await drive(root, resumeWords(job));
      if (last.code !== 0) faults.push(`the last resume ended with ${last.code}: ${last.said}`);
      const seen = await faultsOf(root, job, undisturbed);
      faults.push(...seen.faults);
      if (faults.length > 0) failed += 1;
      else rmSync(join(root, "jobs", job), { recursive: true });
      say(
        faults.length === 0
          ? `ok     round ${round}: killed ${done} times, ${seen.interrupted} trials cut short, ${trialCount} verdicts the same`
          : `FAILED round ${round}: ${faults.join("; ")} (${root})`,
      );
    }
    if (failed === 0) rmSync(root, { recursive: true });
    return { passed: rounds - failed, failed };
  },
};
