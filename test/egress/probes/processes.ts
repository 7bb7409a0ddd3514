import childProcess from "node:child_process";
import cluster from "node:cluster";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { promisify } from "node:util";
import { Worker, type WorkerOptions } from "node:worker_threads";
import type { Probe } from "./probe.ts";
import type { Witness } from "./witness.ts";

const makesMark = (mark: string): readonly [string, string[]] => ["touch", [mark]];

async function ended(child: childProcess.ChildProcess): Promise<void> {
  await once(child, "exit");
}

async function worked(worker: Worker): Promise<void> {
  await once(worker, "exit");
}

const markText = `
const { workerData } = require("node:worker_threads");
require("node:fs").writeFileSync(workerData.mark, "");`;

/** A worker that connects by itself, and tells what came of it. */
const connectText = `
const { workerData, parentPort } = require("node:worker_threads");
require("node:net").connect(workerData.port, "127.0.0.1")
  .on("connect", () => process.exit())
  .on("error", (error) => { parentPort.postMessage(error.code); process.exit(); });`;

/** What a worker was told when it tried by itself. */
async function workerConnects(witness: Witness, options: WorkerOptions): Promise<void> {
  const { port } = witness;
  const worker = new Worker(connectText, { ...options, eval: true, workerData: { port } });
  let code: unknown;
  worker.on("message", (message) => {
    code = message;
  });
  await worked(worker);
  if (code !== undefined) throw Object.assign(new Error("told by the worker"), { code });
}

const guardedWorker = {
  expect: { inside: "refused" },
  because: "a worker thread is guarded like the main thread, and is itself in no call",
} as const;

export const processProbes: readonly Probe[] = [
  { name: "child_process.spawn", go: ({ mark }) => ended(childProcess.spawn(...makesMark(mark))) },
  {
    name: "child_process.spawn with a shell",
    go: ({ mark }) => ended(childProcess.spawn(`touch ${mark}`, { shell: true })),
  },
  {
    name: "child_process.exec",
    go: async ({ mark }) => promisify(childProcess.exec)(`touch ${mark}`),
  },
  {
    name: "child_process.execFile",
    go: async ({ mark }) => promisify(childProcess.execFile)(...makesMark(mark)),
  },
  {
    name: "child_process.fork",
    go: ({ mark }) => ended(childProcess.fork(forked(mark), { execArgv: [] })),
  },
  {
    name: "cluster.fork",
    go: async ({ mark }) => {
      cluster.setupPrimary({ exec: forked(mark), execArgv: [] });
      await once(cluster.fork(), "exit");
    },
  },
  {
    name: "child_process.spawnSync",
    go: async ({ mark }) => childProcess.spawnSync(...makesMark(mark)),
  },
  {
    name: "child_process.execSync",
    go: async ({ mark }) => childProcess.execSync(`touch ${mark}`),
  },
  {
    name: "child_process.execFileSync",
    go: async ({ mark }) => childProcess.execFileSync(...makesMark(mark)),
  },
  {
    name: "process.execve",
    expect: { inside: "not tried" },
    because: "it would put another program in the place of this one",
    go: async ({ mark }) => process.execve?.("/usr/bin/touch", ["touch", mark]),
  },
  {
    name: "a worker from a file",
    go: ({ mark }) => {
      const file = `${mark}.cjs`;
      writeFileSync(file, markText);
      return worked(new Worker(file, { workerData: { mark } }));
    },
  },
  {
    name: "a worker from a text",
    go: ({ mark }) => worked(new Worker(markText, { eval: true, workerData: { mark } })),
  },
  {
    name: "a worker under options of the whole process",
    flags: ["--expose-gc", "--max-old-space-size=500"],
    go: ({ mark }) => worked(new Worker(markText, { eval: true, workerData: { mark } })),
  },
  {
    name: "a worker from a data: URL",
    go: ({ mark }) => {
      const text = `import fs from "node:fs"; fs.writeFileSync(${JSON.stringify(mark)}, "");`;
      return worked(new Worker(new URL(`data:text/javascript,${encodeURIComponent(text)}`)));
    },
  },
  {
    name: "what a worker connects to",
    ...guardedWorker,
    go: (witness) => workerConnects(witness, {}),
  },
  {
    name: "the same, execArgv: []",
    ...guardedWorker,
    go: (witness) => workerConnects(witness, { execArgv: [] }),
  },
  {
    name: "the same, env: {}",
    ...guardedWorker,
    go: (witness) => workerConnects(witness, { env: {} }),
  },
  {
    name: "process.binding of tcp_wrap",
    go: ({ port }) => rawConnect(port),
    flags: ["--no-deprecation"],
  },
  {
    name: "process.binding of spawn_sync",
    flags: ["--no-deprecation"],
    go: async ({ mark }) => {
      const { spawn } = inner("spawn_sync") as { spawn(options: object): unknown };
      spawn({
        file: "/usr/bin/touch",
        args: ["touch", mark],
        stdio: Array.from({ length: 3 }, () => ({ type: "ignore" })),
      });
    },
  },
];

function inner(name: string): unknown {
  return (process as unknown as { binding(name: string): unknown }).binding(name);
}

/** A connection by Node's inner classes, around `net`. */
async function rawConnect(port: number): Promise<void> {
  const { TCP, TCPConnectWrap } = inner("tcp_wrap") as RawTcp;
  await connectWith(TCP, TCPConnectWrap, port);
}

export interface RawTcp {
  readonly TCP: new (kind: number) => { connect(...given: readonly unknown[]): number };
  readonly TCPConnectWrap: new () => { oncomplete?: () => void };
}

export async function connectWith(
  TCP: RawTcp["TCP"],
  TCPConnectWrap: RawTcp["TCPConnectWrap"],
  port: number,
): Promise<void> {
  const request = new TCPConnectWrap();
  const done = new Promise<void>((resolve) => {
    request.oncomplete = resolve;
  });
  new TCP(0).connect(request, "127.0.0.1", port);
  await done;
}

/** A program of Node's that makes the mark. */
function forked(mark: string): string {
  const file = `${mark}-program.cjs`;
  writeFileSync(
    file,
    `require("node:fs").writeFileSync(${JSON.stringify(mark)}, ""); process.exit();`,
  );
  return file;
}
