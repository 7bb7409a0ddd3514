import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { freshFolder, runInProcess } from "../support/cli.ts";
import { grantTests } from "../support/egress.ts";

grantTests("runs trials on the host", { spawn: true });

type Files = Readonly<Record<string, string>>;

function write(root: string, files: Files): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
}

const environment: Files = { "environment/Dockerfile": "FROM debian\nWORKDIR /app\n" };

/** Each step wants a file; the second one's solution also wants what was set up for it. */
const steps: Files = {
  ...environment,
  "task.toml": '[[steps]]\nname = "begin"\nmin_reward = 0.5\n[[steps]]\nname = "end"\n',
  "tests/wants.sh": 'wants() { test -f "$1" && echo 1 || echo "$2"; }\n',
  "steps/begin/instruction.md": "Make the file begin.\n",
  "steps/begin/tests/test.sh":
    '. "$AGENT33_TESTS_DIR/wants.sh"\nwants begin 0.4 > "$AGENT33_LOGS_DIR/reward.txt"\n',
  "steps/begin/solution/solve.sh": "touch begin\n",
  "steps/end/instruction.md": "Make the file end.\n",
  "steps/end/workdir/setup.sh": "test -f begin && touch ready\n",
  "steps/end/workdir/note.txt": "x\n",
  "steps/end/tests/test.sh":
    '. "$AGENT33_TESTS_DIR/wants.sh"\nwants end 0 > "$AGENT33_LOGS_DIR/reward.txt"\n',
  "steps/end/solution/solve.sh": "test -f ready && test -f note.txt && touch end\n",
};

const document: Files = {
  ...environment,
  "task.md":
    "---\nschema_version: '1.3'\nverifier: { timeout_sec: 20 }\n---\nMake the file done.\n",
  "verifier/test.sh":
    'test -f done && echo 1 > "$AGENT33_LOGS_DIR/reward.txt" || echo 0 > "$AGENT33_LOGS_DIR/reward.txt"\n',
  "oracle/solve.sh": "touch done\n",
};

interface Result {
  readonly verifier_result: { readonly rewards: unknown };
  readonly agent33: {
    readonly attempt: string;
    readonly steps?: readonly { readonly name: string }[];
  };
}

async function resultsOf(root: string, words: readonly string[]): Promise<readonly Result[]> {
  const common = ["--environment", "host", "--data", "data", "--job", "job", "--no-oracle-gate"];
  const ran = await runInProcess(["eval", "run", "task", ...common, ...words, "--json"], root);
  expect(ran.stderr).not.toContain("evaluation.");
  const job = join(root, "jobs", "job");
  return readdirSync(job)
    .filter((name) => name.includes("__"))
    .map((name) => JSON.parse(readFileSync(join(job, name, "result.json"), "utf8")) as Result)
    .toSorted((one, other) => (one.agent33.attempt < other.agent33.attempt ? 1 : -1));
}

test("a task of several steps goes on while each is worth enough", async () => {
  const root = freshFolder();
  write(join(root, "task"), steps);
  const agents = ["--agent", "oracle", "--agent", "nop"];
  const [oracle, nop] = await resultsOf(root, agents);
  expect(oracle).toMatchObject({
    verifier_result: { rewards: { reward: 1 } },
    agent33: { attempt: "oracle", steps: [{ name: "begin" }, { name: "end" }] },
  });
  expect(nop).toMatchObject({ agent33: { attempt: "nop", steps: [{ name: "begin" }] } });
  // 0.4 for the step that was judged, nothing for the one that was never begun.
  expect(nop?.verifier_result.rewards).toEqual({ reward: 0.2 });
  expect(nop?.agent33.steps).toHaveLength(1);
});

test("a task in the task.md layout is solved by its oracle, and by nobody else", async () => {
  const root = freshFolder();
  write(join(root, "task"), document);
  const [oracle, nop] = await resultsOf(root, ["--agent", "oracle", "--agent", "nop"]);
  expect(oracle?.verifier_result.rewards).toEqual({ reward: 1 });
  expect(nop?.verifier_result.rewards).toEqual({ reward: 0 });
});
