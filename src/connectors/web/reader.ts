import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { egressGuardFile } from "../../boundary/egress/guard.ts";
import type { CallContext } from "../../boundary/types.ts";
import { type Reading, readingAnswerSchema, type ReadingJob, type TimedJob } from "./reading.ts";

/** A document that was read, or why it could not be. */
export type ReadOutcome =
  | { readonly ok: true; readonly reading: Reading }
  | { readonly ok: false; readonly why: string };

export interface ReaderLimits {
  /** Milliseconds for one way of reading. */
  readonly readMs: number;
  /** All that the process may have in memory, in bytes. Node itself reserves half a gigabyte. */
  readonly memoryBytes: number;
  /** Of that, what its values may take. */
  readonly heapBytes: number;
}

const defaultLimits: ReaderLimits = {
  readMs: 10_000,
  memoryBytes: 1024 * 1024 * 1024,
  heapBytes: 256 * 1024 * 1024,
};
/** More than an answer with the longest reading can have. */
const longestAnswerBytes = 32 * 1024 * 1024;

/** From source the program is TypeScript, published it is JavaScript. */
const program = fileURLToPath(
  new URL(`./reader-main${import.meta.url.endsWith(".ts") ? ".ts" : ".js"}`, import.meta.url),
);

type Hands = Pick<CallContext<unknown>, "spawn" | "signal">;

/** Readers at once in this process, whoever asks: each may take all the memory that one may. */
const mostReaders = 4;
let readers = 0;
const waiting: (() => void)[] = [];

async function inTurn<T>(work: () => Promise<T>): Promise<T> {
  if (readers === mostReaders) await new Promise<void>((begin) => waiting.push(begin));
  else readers += 1;
  try {
    return await work();
  } finally {
    const next = waiting.shift();
    if (next === undefined) readers -= 1;
    else next();
  }
}

/**
 * Reads a document in a process of its own, whose time and memory are limited and which may
 * neither write files nor start programs. A page that cannot be read so is read once more, for its
 * text only.
 */
export async function readDocument(
  hands: Hands,
  job: ReadingJob,
  bytes: Uint8Array,
  limits: Partial<ReaderLimits> = {},
): Promise<ReadOutcome> {
  const within = { ...defaultLimits, ...limits };
  const read = (how: ReadingJob["how"]): Promise<ReadOutcome> =>
    inTurn(() => readOnce(hands, { ...job, how }, bytes, within));
  const outcome = await read(job.how);
  if (outcome.ok || job.how !== "html") return outcome;
  const plain = await read("plain");
  if (!plain.ok) return plain;
  const note = `Only its text was read, because ${outcome.why}.`;
  return { ok: true, reading: { ...plain.reading, notes: [...plain.reading.notes, note] } };
}

async function readOnce(
  { spawn, signal }: Hands,
  job: ReadingJob,
  bytes: Uint8Array,
  { readMs, memoryBytes, heapBytes }: ReaderLimits,
): Promise<ReadOutcome> {
  signal.throwIfAborted();
  const child = await spawn({
    // The shell sets what Node cannot: a limit on memory outside of its heap. KiB and seconds.
    command: "/bin/sh",
    args: [
      "-c",
      'ulimit -c 0; ulimit -d "$0"; ulimit -t "$1"; shift; exec "$@"',
      String(Math.floor(memoryBytes / 1024)),
      String(Math.ceil(readMs / 1000) + 5),
      process.execPath,
      "--permission",
      "--allow-fs-read=*",
      "--disallow-code-generation-from-strings",
      "--disable-warning=ExperimentalWarning",
      `--max-old-space-size=${Math.floor(heapBytes / 1024 / 1024)}`,
      "--require",
      egressGuardFile,
      program,
      JSON.stringify({ ...job, pagesMs: readMs * 0.6 } satisfies TimedJob),
    ],
    cwd: dirname(program),
    env: {},
  });
  let outOfTime = false;
  const end = (): void => void child.kill(0).catch(() => undefined);
  const timer = setTimeout(() => {
    outOfTime = true;
    end();
  }, readMs);
  signal.addEventListener("abort", end, { once: true });
  try {
    child.stderr.resume();
    child.stdin.end(bytes);
    const pieces: Buffer[] = [];
    let length = 0;
    for await (const piece of child.stdout) {
      pieces.push(piece as Buffer);
      length += (piece as Buffer).length;
      if (length > longestAnswerBytes) break;
    }
    await child.exited;
    signal.throwIfAborted();
    if (outOfTime) return { ok: false, why: `it takes longer than ${readMs} ms to read` };
    return answerIn(Buffer.concat(pieces).toString("utf8"));
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", end);
    await child.kill(0);
  }
}

function answerIn(text: string): ReadOutcome {
  // What ran out of memory has written nothing.
  if (!text.endsWith("}"))
    return { ok: false, why: "it takes more memory to read than it may have" };
  const answer = readingAnswerSchema.parse(JSON.parse(text));
  return "reading" in answer
    ? { ok: true, reading: answer.reading }
    : { ok: false, why: `it cannot be read (${answer.problem})` };
}
