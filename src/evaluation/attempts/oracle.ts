import { Agent33Error } from "../../base/errors.ts";
import { taskVariables } from "../tasks/task-variables.ts";
import type { AttemptRequest, TrialAgent } from "./attempt.ts";
import { runProgram } from "./program.ts";

/**
 * The task's own solution: what it leaves must pass. As with Harbor its exit code is kept and not
 * held against it, for the tests say whether it worked.
 * @param variables where `${NAME}` in `[solution.env]` is looked up
 */
export function oracleAgent(variables: Readonly<Record<string, string>>): TrialAgent {
  return {
    name: "oracle",
    version: undefined,
    digests: {},
    attempt: "oracle",
    work: async (request) => {
      const { solution, environment } = request;
      if (solution === undefined) throw withoutSolution(request);
      const { values, missing } = taskVariables(solution.env, variables);
      const [first] = missing;
      if (first !== undefined) throw withoutVariables(first);
      // On the host a path such as /solution is this machine's own.
      const dir = environment.kind === "host" ? environment.solutionDir : solution.at;
      await environment.put(solution.dir, dir);
      return runProgram(
        {
          command: ["bash", `${dir}/solve.sh`],
          env: { AGENT33_SOLUTION_DIR: dir, ...values },
          outputName: "oracle.txt",
          exitCodeCounts: false,
        },
        request,
      );
    },
  };
}

function withoutSolution({ task }: AttemptRequest): Agent33Error {
  return new Agent33Error(
    "evaluation.solution_missing",
    `The task "${task.name}" has no solution/solve.sh.`,
    { hint: "Add one: without it nothing shows that the task can be solved here." },
  );
}

function withoutVariables(missing: { name: string; needs: readonly string[] }): Agent33Error {
  return new Agent33Error(
    "evaluation.solution_env_missing",
    `The solution needs ${missing.needs.join(", ")} for ${missing.name} ([solution.env] of the task).`,
    { hint: "Set the variable, or take a task whose solution needs none." },
  );
}
