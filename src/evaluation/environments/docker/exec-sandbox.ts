import type { CommandResult } from "../../commands/run-command.ts";
import { Agent33Error } from "../../../base/errors.ts";
import { createOutputCapture } from "../../../sandbox/output-capture.ts";
import type { Sandbox } from "../../../sandbox/sandbox.ts";
import type { EnvironmentCommand } from "../environment.ts";
import type { DockerCli } from "./docker-cli.ts";

/**
 * The engine's seam for commands, in the container of a trial: its walls are those of the container,
 * and so are its limits. Folders of this machine are none of it.
 */
export function createExecSandbox(
  exec: (command: EnvironmentCommand) => Promise<CommandResult>,
  cli: DockerCli,
): Sandbox {
  return {
    driver: "docker",
    probe: async () => {
      const version = await cli.ask(["version", "--format", "{{.Server.Version}}"]);
      return { available: true, driver: "docker", version, notices: [] };
    },
    run: async ({ command, workspace, env = {}, timeoutMs, outputLimitBytes, signal }) => {
      const request = { command, cwd: workspace, env, timeoutMs };
      const result = await exec(signal === undefined ? request : { ...request, signal });
      signal?.throwIfAborted();
      const { end, output, durationMs } = result;
      if (end.kind === "not_started") {
        throw new Agent33Error("evaluation.program_missing", end.error.message, {
          hint: "Name a program that the task's image has.",
        });
      }
      const kept = createOutputCapture(outputLimitBytes);
      kept.push(Buffer.from(output));
      return {
        exitCode: end.kind === "exited" ? end.status.code : null,
        signal: null,
        // Both outputs, as they came.
        stdout: kept.text(),
        stderr: "",
        truncated: kept.truncated,
        timedOut: end.kind === "timeout",
        durationMs,
      };
    },
  };
}
