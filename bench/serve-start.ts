import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import type { Survey } from "./benchmark.ts";
import { columnsOf } from "./results.ts";
import { processorTicks } from "./serve/contenders.ts";
import { percentile } from "./statistics.ts";

const root = resolve(import.meta.dirname, "..");

/** How long a start takes on an empty store, until the program says where it listens. */
export const serveStartSurvey: Survey = {
  run: async ({ rounds, quick, progress }) => {
    const folder = mkdtempSync(join(tmpdir(), "agent33-bench-start-"));
    try {
      progress("packing");
      const programs = {
        "published build": join(installed(folder), "bin/agent33.js"),
        "from source": join(root, "bin/agent33.js"),
      };
      const times = new Map<string, Start[]>(Object.keys(programs).map((name) => [name, []]));
      // The first start of each fills Node's cache of compiled files.
      for (let round = 0; round <= (quick ? 1 : rounds); round += 1) {
        for (const [name, program] of Object.entries(programs)) {
          progress(`start ${round}: ${name}`);
          const start = await startOnce(program, mkdtempSync(join(folder, "store-")));
          if (round > 0) times.get(name)?.push(start);
        }
      }
      return {
        facts: ["Each start has a folder of its own with nothing in it, and makes its store."],
        tables: [
          {
            title: "From the start of `agent33 serve` until it is ready",
            of: "program",
            columns: columnsOf({
              least: "least, ms",
              p50: "p50, ms",
              most: "most, ms",
              cpu: "CPU ms, p50",
            }),
            rows: [...times].map(([name, all]) => ({
              name,
              figures: {
                least: Math.min(...all.map(({ tookMs }) => tookMs)),
                p50: middle(all),
                most: Math.max(...all.map(({ tookMs }) => tookMs)),
                cpu: percentile(
                  all.map(({ cpuMs }) => cpuMs),
                  0.5,
                ),
              },
            })),
          },
        ],
        goals: [
          {
            what: "ms until the published build is ready, p50",
            better: "less",
            goal: 1_000,
            reached: middle(times.get("published build") ?? []),
          },
        ],
        notes: ["The first start after an installation compiles everything, and is not counted."],
      };
    } finally {
      rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
    }
  },
};

/** The package as it is published, with the dependencies of this checkout. */
function installed(folder: string): string {
  const modules = join(folder, "app/node_modules");
  const home = join(modules, "agent33");
  mkdirSync(home, { recursive: true });
  // What npm's scripts say would stand in the report.
  execFileSync("npm", ["pack", "--silent", "--pack-destination", folder], {
    cwd: root,
    stdio: ["ignore", "ignore", "inherit"],
  });
  const archive = readdirSync(folder).find((name) => name.endsWith(".tgz")) ?? "";
  execFileSync("tar", ["-xzf", join(folder, archive), "-C", home, "--strip-components=1"]);
  const dependencies = join(root, "node_modules");
  for (const name of readdirSync(dependencies)) {
    if (name === "agent33" || name.startsWith(".")) continue;
    symlinkSync(join(dependencies, name), join(modules, name));
  }
  return home;
}

/** Until a server was ready. */
interface Start {
  readonly tookMs: number;
  /** Processor time, of all its threads: it does not depend on what else the machine does. */
  readonly cpuMs: number;
}

function middle(starts: readonly Start[]): number {
  return percentile(
    starts.map(({ tookMs }) => tookMs),
    0.5,
  );
}

async function startOnce(program: string, cwd: string): Promise<Start> {
  const began = performance.now();
  const child = spawn(process.execPath, [program, "serve", "--port", "0", "--json"], {
    cwd,
    stdio: ["ignore", "pipe", "ignore"],
  });
  const ended = once(child, "exit");
  const [line] = (await Promise.race([
    once(createInterface({ input: child.stdout }), "line"),
    ended.then(() => [""]),
  ])) as readonly string[];
  const tookMs = performance.now() - began;
  const cpuMs = processorTicks(child.pid ?? 0) * 10;
  if (line?.includes('"kind":"ready"') !== true) throw new Error(`It did not start: ${line}`);
  child.kill("SIGTERM");
  await ended;
  return { tookMs, cpuMs };
}
