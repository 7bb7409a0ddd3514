import type { CommandResult } from "../../commands/run-command.ts";
import { type DockerCli, passVariables } from "./docker-cli.ts";
import { dockerFailure, programMissing } from "./docker-errors.ts";
import { inspectContainer } from "./container.ts";

/** A command in a container. */
export interface InsideCommand {
  readonly command: readonly string[];
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Default: the user of the image. */
  readonly user?: string;
  readonly timeoutMs: number;
  readonly outputTo?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What every process of one command has among its variables, and hands on to those it starts. */
const markName = "AGENT33_COMMAND";

/** Ends whatever has the mark, as root, with what every image has. */
const endMarked = [
  "for p in /proc/[0-9]*; do",
  "tr '\\0' '\\n' < $p/environ 2>/dev/null | grep -qxF \"$0\" && kill -9 ${p#/proc/} 2>/dev/null;",
  "done; true",
].join(" ");

/**
 * Runs a command in a container. Ending docker's client does not end what it started inside, so what
 * does not end in time is found there by its mark; that ends honest programs, and whoever wants to be
 * sure ends the container.
 * @param mark no other command's
 * @throws Agent33Error `evaluation.docker_*`; what the command does is data
 */
export async function runInside(
  id: string,
  { command, cwd, env = {}, user, timeoutMs, outputTo, signal }: InsideCommand,
  mark: string,
  cli: DockerCli,
): Promise<CommandResult> {
  const passed = passVariables({ ...env, [markName]: mark });
  const args = [
    "exec",
    ...(user === undefined ? [] : ["--user", user]),
    ...(cwd === undefined ? [] : ["--workdir", cwd]),
    ...passed.args,
    id,
    ...command,
  ];
  const result = await cli.run(args, { timeoutMs, outputTo, signal, env: passed.env });
  switch (result.end.kind) {
    case "not_started":
      throw dockerFailure(args, result);
    case "timeout":
      await cli.run(["exec", "--user", "0", id, "sh", "-c", endMarked, `${markName}=${mark}`]);
      return result;
    case "cancelled":
      // Whoever cancels ends the container, or goes on with the next command of the same trial.
      await cli.run(["exec", "--user", "0", id, "sh", "-c", endMarked, `${markName}=${mark}`]);
      return result;
    case "exited":
      return exited(id, command, args, result, cli);
  }
}

async function exited(
  id: string,
  command: readonly string[],
  args: readonly string[],
  result: CommandResult,
  cli: DockerCli,
): Promise<CommandResult> {
  if (result.end.kind !== "exited" || result.end.status.code === 0) return result;
  const said = result.output.trimStart();
  // A command may write what docker would say; so each is looked into before it is believed.
  if (said.startsWith("OCI runtime exec failed")) {
    const look = ["exec", id, "sh", "-c", 'command -v "$0"', command[0] ?? ""];
    const { end } = await cli.run(look);
    if (end.kind === "exited" && end.status.code === 0) return result;
    const error = programMissing(said.split("\n")[0] ?? said).toJSON();
    return { ...result, end: { kind: "not_started", error } };
  }
  const isDockers = /(?:^|\n)(?:Error response from daemon|Cannot connect to the Docker)/.test(
    said,
  );
  if (!isDockers || (await inspectContainer(id, cli)).running) return result;
  throw dockerFailure(args, result);
}
