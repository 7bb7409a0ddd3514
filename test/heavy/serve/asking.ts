import { Agent, type IncomingMessage, request } from "node:http";
import { attempt } from "../../../src/base/result.ts";
import { systemCodeOf } from "../../../src/base/errors.ts";

/** What came of a request: an answer read to its end, or how it broke off. */
export type Asked =
  | {
      readonly kind: "answer";
      readonly status: number;
      readonly text: string;
      /** Its JSON; undefined where it is none. */
      readonly body: unknown;
    }
  /** No connection, or one that was ended before anything of the answer came. */
  | { readonly kind: "refused"; readonly why: string }
  /** An answer had begun and did not come to its end. */
  | { readonly kind: "cut"; readonly status: number; readonly why: string };

/** One client of a server, with its own connections. */
export interface Asker {
  ask(method: string, path: string, body?: unknown): Promise<Asked>;
  close(): void;
}

export function createAsker(address: string, key: string, connections = 64): Asker {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  return {
    ask: (method, path, body) =>
      new Promise((done) => {
        const sent = body === undefined ? undefined : JSON.stringify(body);
        const headers = {
          authorization: `Bearer ${key}`,
          ...(sent === undefined
            ? {}
            : { "content-type": "application/json", "content-length": Buffer.byteLength(sent) }),
        };
        request(`${address}${path}`, { method, agent, headers })
          .on("response", (response) => done(readAll(response)))
          .on("error", (error) => done({ kind: "refused", why: whyOf(error) }))
          .end(sent);
      }),
    close: () => agent.destroy(),
  };
}

function readAll(response: IncomingMessage): Promise<Asked> {
  const status = response.statusCode ?? 0;
  let text = "";
  return new Promise((done) => {
    response.setEncoding("utf8");
    response.on("data", (chunk: string) => (text += chunk));
    response.on("error", (error) => done({ kind: "cut", status, why: whyOf(error) }));
    response.on("end", () => {
      const parsed = attempt((): unknown => JSON.parse(text));
      done({ kind: "answer", status, text, body: parsed.ok ? parsed.value : undefined });
    });
  });
}

function whyOf(error: Error): string {
  return systemCodeOf(error) ?? error.message;
}
