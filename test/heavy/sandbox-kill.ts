import { spawn } from "node:child_process";
import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  statSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { createProcesses } from "../../src/sandbox/process.ts";
import { seededRandom } from "../../src/base/random.ts";
import { createSandboxes } from "../../src/sandbox/choose.ts";
import { systemClock } from "../../src/base/clock.ts";
import type { Sandbox } from "../../src/sandbox/sandbox.ts";
import { makeWorkspace } from "../../src/sandbox/sandbox.fixture.ts";
import type { HeavySuite } from "./suite.ts";

/**
 * Ends commands at random moments while they fork, daemonize and ignore signals, in every way in
 * which a command ends early: its time, its caller, its engine's death. Then nothing may be left:
 * no process that was not there before, and nothing that still writes.
 */
export const sandboxKill: HeavySuite = {
  about: "commands that fork and daemonize are ended at random moments: nothing is left of them",
  defaultRounds: 200,
  run: async (rounds, say, seed) => {
    const random = drawFrom(seed);
    const own = realpathSync(mkdtempSync(join(tmpdir(), "agent33-kill-")));
    chmodSync(own, 0o755);
    // Workspaces and gVisor's folders are made in it, so that its name marks what is ours.
    process.env["TMPDIR"] = own;
    const marker = basename(own);
    const { spawn: start } = createProcesses();
    const drivers = createSandboxes({
      spawn: start,
      clock: systemClock,
      pathEntries: ["/usr/local/bin", "/usr/bin", "/bin"],
      dockerSocket: "/nonexistent",
      image: "none",
    });
    const tried = await Promise.all(
      [drivers.bubblewrap, drivers.gvisor].map(async (sandbox) => ({
        sandbox,
        probe: await sandbox.probe(),
      })),
    );
    const control = await survivorsWithoutSandbox(marker);
    say(`without a sandbox: killing a command with 3 daemons leaves ${control} processes`);
    let passed = control > 0 ? 1 : 0;
    let failed = control > 0 ? 0 : 1;
    for (const { sandbox, probe } of tried) {
      if (!probe.available) {
        failed += 1;
        say(`${sandbox.driver}: cannot be tried here. ${probe.reason}`);
        continue;
      }
      const counts = { killed: 0, "by themselves": 0, left: 0, survivors: 0 };
      for (let round = 0; round < rounds; round += 1) {
        const trial = drawTrial(random);
        const outcome = await runTrial(sandbox, trial, marker);
        if (outcome.survivors.length > 0 || outcome.stillWrites) {
          failed += 1;
          counts.left += 1;
          counts.survivors += outcome.survivors.length;
          say(
            `${sandbox.driver} round ${round}: ${trial.ending} after ${trial.afterMs} ms left ${outcome.survivors.join(" | ") || "a writer"}`,
          );
          continue;
        }
        passed += 1;
        counts[outcome.endedEarly ? "killed" : "by themselves"] += 1;
      }
      say(
        `${sandbox.driver} ${probe.version}: ${rounds} rounds, ${counts.killed} killed while running, ${counts["by themselves"]} had ended or not begun, ${counts.left} left something`,
      );
    }
    rmSync(own, { recursive: true, force: true, maxRetries: 3 });
    return { passed, failed };
  },
};

const endings = ["time limit", "cancel", "engine killed"] as const;
const shapes = ["forks", "daemons", "sessions", "double forks", "deaf", "bomb"] as const;

interface Draw {
  pick<T>(from: readonly T[]): T;
  between(low: number, high: number): number;
}

function drawFrom(seed: number): Draw {
  const random = seededRandom(seed);
  const between = (low: number, high: number): number =>
    low + Math.floor(random.next() * (high - low + 1));
  return {
    between,
    pick: (from) => {
      const picked = from[between(0, from.length - 1)];
      if (picked === undefined) throw new Error("There is nothing to pick from.");
      return picked;
    },
  };
}

interface Trial {
  readonly ending: (typeof endings)[number];
  readonly afterMs: number;
  readonly script: string;
}

function drawTrial(random: Draw): Trial {
  return {
    ending: random.pick(endings),
    afterMs: random.between(5, 900),
    script: scriptOf(random.pick(shapes), random.between(2, 8)),
  };
}

/** Each writes while it lives, so that one that lives on is seen. */
const beat = "while :; do echo . >> beats; sleep 0.02; done";

function scriptOf(shape: (typeof shapes)[number], count: number): string {
  const times = `for n in $(seq ${count}); do`;
  const deaf = `trap : TERM HUP INT QUIT USR1 USR2 PIPE; ${beat}`;
  switch (shape) {
    case "forks":
      return `${times} (${beat}) & done; ${beat}`;
    case "daemons":
      return `${times} setsid sh -c '${beat}' < /dev/null > /dev/null 2>&1 & done; sleep 60`;
    case "sessions":
      return `${times} setsid sh -c 'setsid sh -c "${beat}" & setsid sh -c "${beat}"' & done; wait; sleep 60`;
    case "double forks":
      return `${times} (setsid sh -c '(${deaf}) & exit' &) ; done; sleep 60`;
    case "deaf":
      return `${times} setsid sh -c '${deaf}' & done; ${deaf}`;
    case "bomb":
      return `b() { echo . >> beats; b | b & }; b; ${deaf}`;
  }
}

interface Outcome {
  readonly endedEarly: boolean;
  readonly survivors: readonly string[];
  readonly stillWrites: boolean;
}

async function runTrial(sandbox: Sandbox, trial: Trial, marker: string): Promise<Outcome> {
  const workspace = makeWorkspace(true);
  let endedEarly = false;
  try {
    endedEarly =
      trial.ending === "engine killed"
        ? await killEngine(sandbox, workspace, trial)
        : await endByItself(sandbox, workspace, trial);
    const survivors = await survivorsOf(marker, trial.ending === "engine killed" ? 5_000 : 0);
    const beats = beatsOf(workspace);
    await systemClock.sleep(60);
    return { endedEarly, survivors, stillWrites: beatsOf(workspace) !== beats };
  } finally {
    rmSync(workspace, { recursive: true, force: true, maxRetries: 3 });
  }
}

async function endByItself(sandbox: Sandbox, workspace: string, trial: Trial): Promise<boolean> {
  const cancel = new AbortController();
  const isCancel = trial.ending === "cancel";
  if (isCancel) setTimeout(() => cancel.abort(new Error("cancelled")), trial.afterMs);
  try {
    const result = await sandbox.run({
      command: ["sh", "-c", trial.script],
      workspace,
      timeoutMs: isCancel ? 30_000 : trial.afterMs,
      outputLimitBytes: 1_000,
      processes: 48,
      signal: cancel.signal,
    });
    return result.timedOut;
  } catch (error) {
    // Cancelled, or at its time before the command had begun: both are ends from outside.
    if (isCancel && cancel.signal.aborted) return true;
    if (error instanceof Error && error.message.includes("no answer in time")) return false;
    throw error;
  }
}

/** An engine of its own runs the command, and is killed with SIGKILL. */
async function killEngine(sandbox: Sandbox, workspace: string, trial: Trial): Promise<boolean> {
  const main = join(import.meta.dirname, "children/sandbox-runner.ts");
  const engine = spawn(process.execPath, [main, sandbox.driver, workspace, trial.script], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  await new Promise<void>((resolve) => engine.stdout.once("data", () => resolve()));
  await systemClock.sleep(trial.afterMs);
  const gone = new Promise<void>((resolve) => engine.once("exit", () => resolve()));
  engine.kill("SIGKILL");
  await gone;
  return true;
}

/** What the look for survivors finds where there are some; they are ended after that. */
async function survivorsWithoutSandbox(marker: string): Promise<number> {
  const workspace = makeWorkspace(true);
  const child = spawn("sh", ["-c", scriptOf("daemons", 3)], { cwd: workspace, stdio: "ignore" });
  while (beatsOf(workspace) < 20) await systemClock.sleep(20);
  const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  child.kill("SIGKILL");
  await gone;
  const survivors = await survivorsOf(marker, 0);
  for (const survivor of survivors) {
    try {
      process.kill(Number(survivor.split(" ")[0]), "SIGKILL");
    } catch {
      // One of the short pauses between two writes: it has ended by itself.
    }
  }
  await systemClock.sleep(200);
  rmSync(workspace, { recursive: true, force: true, maxRetries: 3 });
  return survivors.length;
}

/**
 * What works in a folder of ours, or names one in its command line: so do the command and all that
 * it starts, and gVisor's own processes.
 */
function processesOfOurs(marker: string): readonly string[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .flatMap((pid) => {
      try {
        const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
        // What has ended and only waits for its parent to look is nobody any more.
        if ("ZXx".includes(stat.charAt(stat.lastIndexOf(")") + 2))) return [];
        const words = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").trim();
        const folder = readlinkSync(`/proc/${pid}/cwd`);
        return `${words} ${folder}`.includes(marker) ? [`${pid} ${words.slice(0, 80)}`] : [];
      } catch {
        // It ended while it was looked at, or is the kernel's own.
        return [];
      }
    });
}

async function survivorsOf(marker: string, patienceMs: number): Promise<readonly string[]> {
  for (let waitedMs = 0; waitedMs < patienceMs; waitedMs += 20) {
    if (processesOfOurs(marker).length === 0) break;
    await systemClock.sleep(20);
  }
  return processesOfOurs(marker);
}

function beatsOf(workspace: string): number {
  return statSync(join(workspace, "beats"), { throwIfNoEntry: false })?.size ?? 0;
}
