import { existsSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { StdioMcpServer } from "../../src/connectors/mcp/server.ts";
import { eventually, isRunning } from "../support/mcp-servers/process-list.ts";
import { temporaryFolder } from "../support/temporary.ts";
import type { Peer } from "./peer.ts";

export interface StdioPeer extends Peer {
  /** How the server is started. */
  readonly server: StdioMcpServer;
}

export interface StdioPeerPlan {
  /** What goes wrong and is counted. Default: calls of its tool `echo`. */
  readonly at?: "initialize";
  /** Whether its nonsense is no JSON-RPC at all. Default: it is a result of another shape. */
  readonly babbling?: boolean;
}

const script = join(import.meta.dirname, "../support/mcp-servers/does-as-told.mjs");

/** An MCP server that is a program on this machine, as often as it is started. */
export async function stdioPeer(
  { at, babbling = false }: StdioPeerPlan,
  more: Pick<StdioMcpServer, "env" | "tools">,
): Promise<StdioPeer> {
  const folder = temporaryFolder("told");
  const log = join(folder, "log");
  const command = join(folder, "server");
  symlinkSync(process.execPath, command);
  writeFileSync(log, "");
  const behave: Peer["behave"] = (behaviour) => writeFileSync(join(folder, "behaviour"), behaviour);
  behave("well");
  const notes = (word: string): readonly string[] =>
    readFileSync(log, "utf8")
      .split("\n")
      .filter((line) => line.startsWith(`${word} `))
      .map((line) => line.slice(word.length + 1));
  const pids = () => notes("started").map(Number);
  return {
    server: {
      name: "told",
      command,
      args: [
        script,
        folder,
        ...(at === undefined ? [] : ["--at", at]),
        ...(babbling ? ["--babbling"] : []),
      ],
      cwd: folder,
      ...more,
    },
    get seen() {
      return notes("got").length;
    },
    get held() {
      const ended = notes("ended");
      return notes("got").filter(
        (request) => !ended.includes(request) && isRunning(Number.parseInt(request, 10)),
      ).length;
    },
    get silences() {
      return notes("silent").length;
    },
    get sentBytes() {
      return notes("sent").reduce((sum, bytes) => sum + Number(bytes), 0);
    },
    behave,
    close: async () => {
      rmSync(command, { force: true });
      for (const pid of pids()) if (isRunning(pid)) process.kill(pid, "SIGKILL");
      // Not before whoever started it knows that it has ended.
      await eventually(() => !pids().some((pid) => existsSync(`/proc/${pid}`)));
    },
  };
}
