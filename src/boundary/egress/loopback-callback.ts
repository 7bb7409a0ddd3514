import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** A page of this machine's own, to which a browser comes back with an answer. */
export interface LoopbackCallback {
  readonly url: string;
  /** What the next visitor brings in the query of the address. */
  answer(): Promise<URLSearchParams>;
  close(): Promise<void>;
}

const path = "/callback";

/**
 * Listens on the loopback address, on a port that is free, for the answer that a browser brings
 * back from a login (RFC 8252, section 7.3). Nobody else can reach it, and it answers nothing but
 * that page. Whoever asks has to check that the answer is to their question.
 */
export async function listenForCallback(): Promise<LoopbackCallback> {
  const answers: URLSearchParams[] = [];
  let waiting: ((answer: URLSearchParams) => void) | undefined;
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://127.0.0.1");
    const isAnswer = request.method === "GET" && pathname === path;
    response.writeHead(isAnswer ? 200 : 404, { "content-type": "text/plain; charset=utf-8" });
    response.end(isAnswer ? "AGENT-33 has the answer. You can close this page.\n" : "Not found.\n");
    if (!isAnswer) return;
    if (waiting === undefined) answers.push(searchParams);
    else waiting(searchParams);
    waiting = undefined;
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject).listen(0, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}${path}`,
    answer: () =>
      new Promise((resolve) => {
        const known = answers.shift();
        if (known === undefined) waiting = resolve;
        else resolve(known);
      }),
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
