import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { Agent, createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { z } from "zod";
import { Agent33Error } from "../../src/base/errors.ts";

/** A server of its own process that is ready to be asked. */
export interface Running {
  readonly address: string;
  readonly key: string;
  /** A run that can be read. */
  readonly run: string;
  readonly pid: number;
  close(): Promise<void>;
}

/** What a server does and does not do. */
export interface Kind {
  readonly name: string;
  readonly kind: "bare" | "ours";
  readonly auth: boolean;
  readonly metrics: boolean;
}

const readySchema = z.object({ address: z.string(), key: z.string(), run: z.string() });

/** Starts one of the servers, in a folder of its own. */
export async function startKind({ kind, auth, metrics }: Kind, peer: string): Promise<Running> {
  const folder = mkdtempSync(join(tmpdir(), "agent33-bench-serve-"));
  const order = JSON.stringify({ kind, folder, peer, auth, metrics });
  const child = spawn(process.execPath, [join(import.meta.dirname, "server-main.ts"), order], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const ended = once(child, "exit");
  const lines = createInterface({ input: child.stdout });
  const first = await Promise.race([once(lines, "line"), ended.then(() => undefined)]);
  const { pid } = child;
  if (first === undefined || pid === undefined) {
    throw new Agent33Error("bench.failed", "A server that is to be measured did not start.", {
      hint: "What went wrong is printed above.",
    });
  }
  return {
    ...readySchema.parse(JSON.parse(String(first[0]))),
    pid,
    close: async () => {
      child.stdin.end();
      await ended;
      rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
    },
  };
}

/** A server of models, and a collector, that takes everything. */
export async function startPeer(): Promise<{ readonly url: string; close(): void }> {
  const server = createServer((asked, response) => {
    asked.resume();
    response.writeHead(200, { "content-type": "application/json" });
    response.end('{"object":"list","data":[{"id":"small","object":"model"}]}');
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/v1`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** What is asked for, and what the answer has in it. */
export interface Question {
  readonly method: "GET" | "POST";
  readonly path: (run: string) => string;
  readonly body?: unknown;
  readonly has: string;
}

/** What one round of asking came to. */
export interface Reading {
  readonly perSecond: number;
  /** Milliseconds. */
  readonly times: readonly number[];
  /** Processor time of the server. */
  readonly cpuMicros: number;
}

const clients = 16;

/**
 * Asks for a while with some clients, each as soon as it has its answer.
 * @throws Agent33Error `bench.unfair` for an answer that is not the one that was asked for
 */
export async function askFor(
  ms: number,
  { address, key, run, pid }: Running,
  { method, path, body, has }: Question,
): Promise<Reading> {
  const agent = new Agent({ keepAlive: true, maxSockets: clients });
  const sent = body === undefined ? "" : JSON.stringify(body);
  const headers = {
    authorization: `Bearer ${key}`,
    ...(body === undefined ? {} : { "content-type": "application/json" }),
    "content-length": Buffer.byteLength(sent),
  };
  const url = `${address}${path(run)}`;
  const once = (): Promise<string> =>
    new Promise((done, fail) => {
      request(url, { method, agent, headers }, (response) => {
        let text = "";
        response.setEncoding("utf8");
        response.on("data", (chunk: string) => (text += chunk));
        response.on("end", () => done(text));
      })
        .on("error", fail)
        .end(sent);
    });
  const times: number[] = [];
  const ticksBefore = processorTicks(pid);
  const began = performance.now();
  const client = async (): Promise<void> => {
    while (performance.now() - began < ms) {
      const from = performance.now();
      const text = await once();
      times.push(performance.now() - from);
      if (!text.includes(has)) {
        throw new Agent33Error("bench.unfair", `${url} answered ${text.slice(0, 300)}`, {
          hint: "Mend the server: figures of a wrong answer would mislead.",
        });
      }
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
  const seconds = (performance.now() - began) / 1_000;
  agent.destroy();
  const cpuMicros = ((processorTicks(pid) - ticksBefore) * 10_000) / times.length;
  return { perSecond: times.length / seconds, times, cpuMicros };
}

/** Time of the processor that a process used, in hundredths of a second (proc(5)). */
export function processorTicks(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return Number(fields[11]) + Number(fields[12]);
}
