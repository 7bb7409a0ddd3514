import { writeFile } from "node:fs/promises";
import { dirname, delimiter } from "node:path";
import { systemClock } from "../../base/clock.ts";
import { createProcesses } from "../../sandbox/process.ts";
import { runCommand } from "../commands/run-command.ts";
import type { TaskEnvironment } from "../environments/environment.ts";

const processes = createProcesses();

/** A folder of this machine as an environment, with nothing around it: what an agent needs, and no more. */
export function bareEnvironment(workspace: string): TaskEnvironment {
  const env = { PATH: [dirname(process.execPath), "/usr/bin", "/bin"].join(delimiter) };
  const nothing = async () => undefined;
  return {
    kind: "host",
    workdir: workspace,
    workspace,
    solutionDir: `${workspace}-solution`,
    sandbox: undefined,
    env,
    overrun: new AbortController().signal,
    run: async ({ command: [command, ...args], cwd, outputTo, timeoutMs, signal, ...more }) => {
      const result = await runCommand({
        command,
        args,
        cwd: cwd ?? workspace,
        env: { ...env, ...more.env },
        timeoutMs,
        spawn: processes.spawn,
        clock: systemClock,
        ...(signal === undefined ? {} : { signal }),
      });
      if (outputTo !== undefined) await writeFile(outputTo, result.output);
      return result;
    },
    put: nothing,
    take: async () => false,
    endAll: nothing,
    judge: async () => Promise.reject(new Error("nothing is judged here")),
    close: nothing,
  };
}
