import { type IncomingMessage, request } from "node:http";
import type { Readable } from "node:stream";
import { Agent33Error, messageOf, systemCodeOf } from "../base/errors.ts";

/** An answer of Docker's engine, read to its end. */
export interface DockerAnswer {
  readonly status: number;
  readonly body: unknown;
}

/** Docker's Engine API over its local socket. */
export interface DockerApi {
  /** @throws Agent33Error `sandbox.docker_unreachable` */
  ask(method: "GET" | "POST" | "DELETE", path: string, body?: unknown): Promise<DockerAnswer>;
  /**
   * A request whose answer goes on: its beginning, with the stream of the rest.
   * @throws Agent33Error `sandbox.docker_unreachable`
   */
  follow(path: string): Promise<{ readonly status: number; readonly stream: Readable }>;
}

/** The oldest that knows all that `containerBody` asks for: Docker 20.10. */
const version = "/v1.41";
const answerLimitBytes = 4 * 1024 * 1024;

export function createDockerApi(socketPath: string): DockerApi {
  const open = (method: string, path: string, body?: unknown): Promise<IncomingMessage> =>
    new Promise((resolve, reject) => {
      const text = body === undefined ? undefined : JSON.stringify(body);
      const headers =
        text === undefined
          ? { Host: "docker" }
          : {
              Host: "docker",
              "Content-Type": "application/json",
              "Content-Length": Buffer.byteLength(text),
            };
      const sent = request(
        { socketPath, method, path: `${version}${path}`, headers, agent: false },
        resolve,
      );
      sent.once("error", (error) => reject(unreachable(socketPath, error)));
      sent.end(text);
    });
  return {
    ask: async (method, path, body) => {
      const answer = await open(method, path, body);
      return { status: answer.statusCode ?? 0, body: await bodyOf(answer, socketPath) };
    },
    follow: async (path) => {
      const answer = await open("POST", path);
      return { status: answer.statusCode ?? 0, stream: answer };
    },
  };
}

async function bodyOf(answer: IncomingMessage, socketPath: string): Promise<unknown> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > answerLimitBytes) throw new Error("its answer is too long");
      chunks.push(chunk);
    }
  } catch (error) {
    throw unreachable(socketPath, error);
  }
  const text = Buffer.concat(chunks).toString("utf8");
  try {
    return text === "" ? undefined : (JSON.parse(text) as unknown);
  } catch {
    return { message: text.slice(0, 500) };
  }
}

function unreachable(socketPath: string, cause: unknown): Agent33Error {
  const code = systemCodeOf(cause);
  const missing = code === "ENOENT" || code === "ECONNREFUSED";
  const hints: Readonly<Record<string, string>> = {
    EACCES: "Let the user that runs AGENT-33 use Docker: add it to the group docker.",
  };
  return new Agent33Error(
    "sandbox.docker_unreachable",
    missing
      ? `Docker does not run here: nothing answers at ${socketPath}.`
      : `Docker cannot be used at ${socketPath}: ${messageOf(cause)}.`,
    {
      hint:
        hints[code ?? ""] ??
        "Start Docker, or set sandbox.dockerSocket to the socket that it listens on.",
      cause,
    },
  );
}
