import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** A pull request as a test states it. Times are minutes after an arbitrary moment. */
export interface GivenPull {
  readonly number: number;
  readonly labels?: readonly string[];
  readonly base?: string;
  readonly mergedAt?: number;
  /** Default: when it was merged, or 0. */
  readonly updatedAt?: number;
  readonly state?: "open" | "closed";
  readonly body?: string;
}

export interface GitHubServer {
  /** As for Enterprise: it ends in /api/v3. */
  readonly apiUrl: string;
  readonly requests: readonly { readonly path: string; readonly authorization?: string }[];
  /** The next request is answered with this instead. */
  failNext(status: number, headers?: Readonly<Record<string, string>>, body?: string): void;
  set(pulls: readonly GivenPull[]): void;
  close(): Promise<void>;
}

const start = Date.UTC(2026, 0, 1);
const at = (minutes: number): string => new Date(start + minutes * 60_000).toISOString();

/** The shapes of GitHub's REST interface that the guard reads, on the loopback interface. */
export async function startGitHub(pageSize = 100): Promise<GitHubServer> {
  let pulls: readonly GivenPull[] = [];
  const requests: { path: string; authorization?: string }[] = [];
  const failures: { status: number; headers: Record<string, string>; body: string }[] = [];
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    const url = new URL(request.url ?? "/", "http://localhost");
    const { authorization } = request.headers;
    requests.push({
      path: `${url.pathname}${url.search}`,
      ...(authorization === undefined ? {} : { authorization }),
    });
    const failure = failures.shift();
    if (failure !== undefined) {
      response.writeHead(failure.status, failure.headers).end(failure.body);
      return;
    }
    const send = (value: unknown, headers: Record<string, string> = {}) =>
      response
        .writeHead(200, { "content-type": "application/json", ...headers })
        .end(JSON.stringify(value));
    const [, number] = /^\/api\/v3\/repos\/o\/r\/pulls\/(\d+)$/.exec(url.pathname) ?? [];
    const one = pulls.find((pull) => pull.number === Number(number));
    if (one !== undefined) send(shape(one));
    else if (url.pathname === "/api/v3/repos/o/r/pulls") {
      const wanted = pulls
        .filter((pull) => stateOf(pull) === (url.searchParams.get("state") ?? "open"))
        .filter(({ base = "main" }) => base === url.searchParams.get("base"))
        .toSorted((a, b) => updatedOf(b) - updatedOf(a));
      const page = Number(url.searchParams.get("page") ?? "1");
      url.searchParams.set("page", String(page + 1));
      const more = wanted.length > page * pageSize;
      const next = `<http://${request.headers.host}${url.pathname}${url.search}>; rel="next"`;
      send(
        wanted.slice((page - 1) * pageSize, page * pageSize).map(shape),
        more ? { link: next } : {},
      );
    } else response.writeHead(404).end('{"message":"Not Found"}');
  };
  const server = createServer(answer);
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    apiUrl: `http://127.0.0.1:${port}/api/v3`,
    requests,
    failNext: (status, headers = {}, body = "{}") =>
      void failures.push({ status, headers: { ...headers }, body }),
    set: (given) => {
      pulls = given;
    },
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

const stateOf = ({ state, mergedAt }: GivenPull): string =>
  state ?? (mergedAt === undefined ? "open" : "closed");
const updatedOf = ({ updatedAt, mergedAt = 0 }: GivenPull): number => updatedAt ?? mergedAt;

function shape(pull: GivenPull): unknown {
  const { number, labels = [], base = "main", mergedAt, body = null } = pull;
  return {
    number,
    state: stateOf(pull),
    title: `Change ${number}`,
    body,
    labels: labels.map((name, id) => ({ id, name })),
    base: { ref: base, sha: "0".repeat(40) },
    merged_at: mergedAt === undefined ? null : at(mergedAt),
    updated_at: at(updatedOf(pull)),
  };
}
