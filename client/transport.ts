import type { Result } from "./call.ts";
import { problemIn, problemOfThrown } from "./problem.ts";
import type { Problem } from "./operations.ts";
import { longestTimerMs, type Silence } from "./silence.ts";

/** How a server is reached. */
export interface ClientSettings {
  /** Where it is, as \`http://127.0.0.1:3333\`. Default: the page's own origin. */
  readonly baseUrl?: string | undefined;
  /** An API key or a token. A page that is signed in needs none: its cookie says who asks. */
  readonly key?: string | undefined;
  /** What makes requests; the platform's own by default. */
  readonly fetch?: typeof globalThis.fetch | undefined;
  /**
   * Milliseconds until an answer is there, all of it; its problem is `client.timeout` where it is not.
   * Operations that the server itself takes longer for have that time and a little more. Infinity is no
   * limit. Default: 45 000, half as long again as a server takes by default.
   */
  readonly timeoutMs?: number | undefined;
}

const usualTimeoutMs = 45_000;
/** Milliseconds that an answer may take on its way, beside what the server takes for it. */
const spareMs = 15_000;

/** One request, by its parts. */
export interface RequestParts {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds, in place of the client's. */
  readonly timeoutMs?: number | undefined;
  /** Seconds that the server takes at most, where it says so for the operation. */
  readonly seconds?: number | undefined;
}

/** A response that is a success, or the problem. */
export type Answered =
  | {
      readonly ok: true;
      readonly response: Response;
      /** The problem of what was thrown while the body was read. */
      readonly problemOf: (thrown: unknown) => Problem;
    }
  | { readonly ok: false; readonly problem: Problem };

/** Makes requests of one server. */
export interface Transport {
  /** @param limit what ends it in place of the time limit: for answers that come piece by piece */
  open(parts: RequestParts & { readonly limit?: Pick<Silence, "signal"> }): Promise<Answered>;
  /** Milliseconds until what these parts ask for is answered. */
  timeoutOf(parts: Pick<RequestParts, "timeoutMs" | "seconds">): number;
  /** The answer's JSON; undefined for one without a body. */
  json<T>(parts: RequestParts): Promise<Result<T>>;
}

export function createTransport(settings: ClientSettings): Transport {
  const { baseUrl = "", key, fetch, timeoutMs = usualTimeoutMs } = settings;
  // Not `timeoutMs <= 0`: that lets NaN through.
  if (!(timeoutMs > 0)) {
    throw new RangeError(`timeoutMs is ${timeoutMs}; give milliseconds above 0, or Infinity.`);
  }
  const base = baseUrl.replace(/\/+$/, "");
  const timeoutOf: Transport["timeoutOf"] = (parts) =>
    parts.timeoutMs ??
    (parts.seconds === undefined
      ? timeoutMs
      : Math.max(timeoutMs, parts.seconds * 1_000 + spareMs));
  const open: Transport["open"] = async (parts) => {
    const { method, path, body, headers, limit } = parts;
    const ms = timeoutOf(parts);
    const init: RequestInit = {
      method,
      headers: {
        accept: "application/json, application/problem+json",
        ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...headers,
      },
      cache: "no-store",
      redirect: "error",
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    };
    const signal = limit?.signal ?? within(ms, parts.signal);
    const problemOf = (thrown: unknown): Problem =>
      problemOfThrown(thrown, signal, limit === undefined ? ms : undefined);
    try {
      if (signal !== undefined) init.signal = signal;
      const response = await (fetch ?? globalThis.fetch)(`${base}${path}`, init);
      if (response.ok) return { ok: true, response, problemOf };
      return { ok: false, problem: await problemIn(response) };
    } catch (thrown) {
      return { ok: false, problem: problemOf(thrown) };
    }
  };
  return {
    open,
    timeoutOf,
    json: async <T>(parts: RequestParts): Promise<Result<T>> => {
      const answered = await open(parts);
      if (!answered.ok) return answered;
      const { response } = answered;
      try {
        // The server holds each answer to its schema; the forms are made of the same schemas.
        const value = (response.status === 204 ? undefined : await response.json()) as T;
        const location = response.headers.get("location") ?? undefined;
        return { ok: true, value, status: response.status, location };
      } catch (thrown) {
        return { ok: false, problem: answered.problemOf(thrown) };
      }
    },
  };
}

/** Ends after so many milliseconds, or as the caller's signal does; undefined where nothing ends it. */
function within(ms: number, given: AbortSignal | undefined): AbortSignal | undefined {
  if (!(ms <= longestTimerMs)) return given;
  const over = AbortSignal.timeout(Math.max(0, Math.round(ms)));
  return given === undefined ? over : AbortSignal.any([given, over]);
}
