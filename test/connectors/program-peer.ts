import { appendFileSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createProcesses, type Processes } from "../../src/sandbox/process.ts";
import { temporaryFolder } from "../support/temporary.ts";
import type { Peer, PeerBehaviour } from "./peer.ts";

export interface ProgramPeer extends Peer {
  /** The folder that the program is in, and works in. */
  readonly workspace: string;
  /** Starts it: a link to the sandbox's own program, which is gone when the peer is. */
  readonly sandboxProgram: string;
  readonly spawn: Processes["spawn"];
}

/** The program, which is called `peer` and is in its workspace; each begins by noting that it runs. */
const programs: Readonly<Record<PeerBehaviour, string>> = {
  well: "echo done",
  failing: "echo down for a moment >&2; exit 75",
  busy: "exit 75",
  refusing: "./log",
  silent: "echo silent >> log; sleep 600",
  cut: "echo half; kill -9 $$",
  malformed: String.raw`printf '\377\376\000\033[2J'`,
  huge: "head -c 16777216 /dev/zero | tr '\\0' x",
};

/** A program that is run in a sandbox, each time in a new one. */
export async function programPeer(sandboxProgram: string): Promise<ProgramPeer> {
  const workspace = temporaryFolder("program");
  const link = join(temporaryFolder("sandbox"), "sandbox");
  symlinkSync(sandboxProgram, link);
  const log = join(workspace, "log");
  appendFileSync(log, "");
  const processes = createProcesses();
  const noted = (word: string): number =>
    readFileSync(log, "utf8")
      .split("\n")
      .filter((line) => line === word).length;
  const behave: Peer["behave"] = (behaviour) =>
    writeFileSync(join(workspace, "peer"), `echo run >> log\n${programs[behaviour]}\n`);
  behave("well");
  return {
    workspace,
    sandboxProgram: link,
    spawn: processes.spawn,
    get seen() {
      return noted("run");
    },
    get held() {
      return processes.live().length;
    },
    get silences() {
      return noted("silent");
    },
    sentBytes: undefined,
    behave,
    close: async () => {
      rmSync(link, { force: true });
      await processes.killAll();
    },
  };
}
