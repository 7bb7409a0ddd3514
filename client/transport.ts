import type { Result } from "./call.ts";
import { problemIn, problemOfThrown } from "./problem.ts";
import type { Problem } from "./operations.ts";

/** How a server is reached. */
export interface ClientSettings {
  /** Where it is, as \`http://127.0.0.1:3333\`. Default: the page's own origin. */
  readonly baseUrl?: string | undefined;
  /** An API key or a token. A page that is signed in needs none: its cookie says who asks. */
  readonly key?: string | undefined;
  /** What makes requests; the platform's own by default. */
  readonly fetch?: typeof globalThis.fetch | undefined;
}

/** One request, by its parts. */
export interface RequestParts {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
}

/** A response that is a success, or the problem. */
export type Answered =
  | { readonly ok: true; readonly response: Response }
  | { readonly ok: false; readonly problem: Problem };

/** Makes requests of one server. */
export interface Transport {
  open(parts: RequestParts): Promise<Answered>;
  /** The answer's JSON; undefined for one without a body. */
  json<T>(parts: RequestParts): Promise<Result<T>>;
}

export function createTransport({ baseUrl = "", key, fetch }: ClientSettings): Transport {
  const base = baseUrl.replace(/\/+$/, "");
  const open = async (parts: RequestParts): Promise<Answered> => {
    const { method, path, body, headers, signal } = parts;
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
      ...(signal === undefined ? {} : { signal }),
    };
    try {
      const response = await (fetch ?? globalThis.fetch)(`${base}${path}`, init);
      if (response.ok) return { ok: true, response };
      return { ok: false, problem: await problemIn(response) };
    } catch (thrown) {
      return { ok: false, problem: problemOfThrown(thrown, signal) };
    }
  };
  return {
    open,
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
        return { ok: false, problem: problemOfThrown(thrown, parts.signal) };
      }
    },
  };
}
