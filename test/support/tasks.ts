import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

type Files = Readonly<Record<string, string>>;

/** A task that passes where the file `done` says so. */
const sum: Files = {
  "task.toml": "[agent]\ntimeout_sec = 20\n[verifier]\ntimeout_sec = 20\n",
  "instruction.md": "Write yes into the file done.\n",
  "environment/seed.txt": "1\n",
  "solution/solve.sh": "echo yes > done\n",
  "tests/test.sh":
    'if grep -q yes done; then echo 1; else echo 0; fi > "$AGENT33_LOGS_DIR/reward.txt"\necho judged\n',
};

/** A folder with tasks, each with some files of its own. */
export function tasksIn(root: string, tasks: Readonly<Record<string, Files>>): void {
  for (const [name, files] of Object.entries(tasks)) {
    for (const [path, text] of Object.entries({ ...sum, ...files })) {
      const place = join(root, "tasks", name, path);
      mkdirSync(dirname(place), { recursive: true });
      writeFileSync(place, text);
    }
  }
}

/** A gates file with one critical task of {@link tasksIn}, and one gate that the oracle passes. */
export const oracleGates = (more: object = {}) => ({
  version: 1,
  tasks: [{ path: "tasks/one", tags: ["critical"], owner: "ada" }],
  gates: {
    merge: {
      tags: ["critical"],
      agents: [{ kind: "oracle" }],
      environment: "host",
      thresholds: [{ metric: "success_rate", at_least: 1, action: "block" }],
      ...more,
    },
  },
});
