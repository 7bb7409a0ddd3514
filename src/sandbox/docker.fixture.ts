import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { startMark } from "./limits.ts";

/** How the stand-in answers one way of running a container. */
export interface FakeBehaviour {
  readonly runtimes?: readonly string[];
  readonly imageMissing?: boolean;
  readonly createFails?: string;
  readonly startFails?: string;
  readonly removeFails?: boolean;
  /** Frames of output: stream and text, split over chunks at odd places. */
  readonly output?: readonly (readonly [stream: 1 | 2, text: string])[];
  readonly withoutMark?: boolean;
  /** Null: it runs until it is killed. */
  readonly exitCode?: number | null;
}

export interface FakeDocker {
  readonly asked: readonly string[];
  readonly created: readonly Record<string, unknown>[];
  /** Containers that were made and not removed. */
  left(): number;
  close(): Promise<void>;
}

const frame = (stream: number, text: string): Buffer => {
  const header = Buffer.alloc(8);
  header.writeUInt8(stream, 0);
  header.writeUInt32BE(Buffer.byteLength(text), 4);
  return Buffer.concat([header, Buffer.from(text)]);
};

/** The part of Docker's Engine API that the driver speaks, on a socket of this machine. */
export async function fakeDocker(
  socketPath: string,
  behaviour: FakeBehaviour = {},
): Promise<FakeDocker> {
  const asked: string[] = [];
  const created: Record<string, unknown>[] = [];
  let left = 0;
  let attached: ServerResponse | undefined;
  const killed = Promise.withResolvers<void>();
  const answer = (response: ServerResponse, status: number, body?: unknown): void => {
    response.writeHead(status, { "Content-Type": "application/json" });
    response.end(body === undefined ? undefined : JSON.stringify(body));
  };
  const routes: readonly [RegExp, (response: ServerResponse, body: string) => void][] = [
    [
      /^GET \/v1\.41\/info$/,
      (response) => {
        const runtimes = behaviour.runtimes ?? ["runc"];
        answer(response, 200, {
          ServerVersion: "28.2.2",
          OSType: "linux",
          Runtimes: Object.fromEntries(runtimes.map((name) => [name, { path: name }])),
        });
      },
    ],
    [
      /^GET \/v1\.41\/images\/debian%3Astable\/json$/,
      (response) =>
        behaviour.imageMissing === true
          ? answer(response, 404, { message: "no such image" })
          : answer(response, 200, { Config: { Env: ["PATH=/image", "SECRET_OF_IMAGE=x"] } }),
    ],
    [
      /^POST \/v1\.41\/containers\/create$/,
      (response, body) => {
        if (behaviour.createFails !== undefined)
          return answer(response, 400, { message: behaviour.createFails });
        created.push(JSON.parse(body) as Record<string, unknown>);
        left += 1;
        return answer(response, 201, { Id: "abc123", Warnings: [] });
      },
    ],
    [
      /^POST \/v1\.41\/containers\/abc123\/attach\?stream=1&stdout=1&stderr=1$/,
      (response) => {
        attached = response;
        response.writeHead(200, { "Content-Type": "application/vnd.docker.raw-stream" });
        response.flushHeaders();
      },
    ],
    [
      /^POST \/v1\.41\/containers\/abc123\/start$/,
      (response) => {
        if (behaviour.startFails !== undefined)
          return answer(response, 500, { message: behaviour.startFails });
        const mark = behaviour.withoutMark === true ? [] : [frame(2, startMark)];
        const frames = (behaviour.output ?? []).map(([stream, text]) => frame(stream, text));
        const bytes = Buffer.concat([...mark, ...frames]);
        // In pieces that end within headers and within frames.
        for (let at = 0; at < bytes.length; at += 5) attached?.write(bytes.subarray(at, at + 5));
        if (behaviour.exitCode !== null) attached?.end();
        return answer(response, 204);
      },
    ],
    [
      /^POST \/v1\.41\/containers\/abc123\/wait$/,
      (response) => {
        if (behaviour.exitCode !== null) {
          return answer(response, 200, { StatusCode: behaviour.exitCode ?? 0 });
        }
        void killed.promise.then(() => answer(response, 200, { StatusCode: 137 }));
        return undefined;
      },
    ],
    [
      /^POST \/v1\.41\/containers\/abc123\/kill$/,
      (response) => {
        attached?.end();
        killed.resolve();
        answer(response, 204);
      },
    ],
    [
      /^DELETE \/v1\.41\/containers\/abc123\?force=true&v=true$/,
      (response) => {
        if (behaviour.removeFails === true)
          return answer(response, 500, { message: "device busy" });
        left -= 1;
        return answer(response, 204);
      },
    ],
  ];
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const line = `${request.method} ${request.url}`;
    asked.push(line);
    const route = routes.find(([pattern]) => pattern.test(line));
    if (route === undefined) return answer(response, 404, { message: `page not found: ${line}` });
    return route[1](response, Buffer.concat(chunks).toString());
  };
  const server: Server = createServer((request, response) => void handle(request, response));
  await new Promise<void>((resolve) => server.listen(socketPath, resolve));
  return {
    asked,
    created,
    left: () => left,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
