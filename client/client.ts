import type { CallOptions, FollowOptions, Result } from "./call.ts";
import { jsonLines } from "./event-stream.ts";
import { follow } from "./follow.ts";
import { type Operations, operations } from "./operations.ts";
import { createSessions, type Sessions } from "./session.ts";
import { createSilence } from "./silence.ts";
import { type ClientSettings, createTransport, type Transport } from "./transport.ts";

/** Everything that a server does, as functions. */
export interface Client extends Operations {
  /** Signing in and out, for pages in a browser. */
  readonly session: Sessions;
}

/** What an operation is given: parameters by their names, and the body as `body`. */
type Input = Readonly<Record<string, unknown>>;
/** What stands in a path or a query. */
type Word = string | number | boolean;

interface Place {
  readonly method: string;
  readonly path: string;
  readonly query: readonly string[];
  readonly answer: "json" | "lines" | "events" | "text";
  /** Seconds that the server takes for it at most, where these are its own. */
  readonly seconds?: number;
}

/**
 * The API of one server. Nothing here throws: what goes wrong is a problem with a code.
 * @example
 * const api = createClient({ baseUrl: "http://127.0.0.1:3333", key });
 * const run = await api.startRun({ body: { task: "Say hello." } });
 * if (!run.ok) console.error(run.problem.code, run.problem.detail);
 */
export function createClient(settings: ClientSettings = {}): Client {
  const transport = createTransport(settings);
  const made = Object.entries(operations).map(([name, place]) => [
    name,
    operation(transport, place),
  ]);
  // The table and the interface are made of the same document, name by name.
  const all = Object.fromEntries(made) as Operations;
  return { ...all, session: createSessions(transport) };
}

function operation(transport: Transport, place: Place) {
  switch (place.answer) {
    case "json":
      return (input: Input = {}, options: CallOptions = {}): Promise<Result<unknown>> =>
        transport.json({ ...requestOf(place, input), ...options });
    case "text":
      return (input: Input = {}, options: CallOptions = {}) =>
        text(transport, place, input, options);
    case "lines":
      return (input: Input = {}, options: CallOptions = {}) =>
        lines(transport, place, input, options);
    case "events":
      return (input: Input = {}, options: FollowOptions = {}) =>
        follow(transport, requestOf(place, input).path, options);
    default:
      return place.answer satisfies never;
  }
}

async function text(
  transport: Transport,
  place: Place,
  input: Input,
  options: CallOptions,
): Promise<Result<string>> {
  const headers = { accept: "*/*" };
  const answered = await transport.open({ ...requestOf(place, input), headers, ...options });
  if (!answered.ok) return answered;
  const { response } = answered;
  try {
    return { ok: true, value: await response.text(), status: response.status, location: undefined };
  } catch (thrown) {
    return { ok: false, problem: answered.problemOf(thrown) };
  }
}

async function lines(
  transport: Transport,
  place: Place,
  input: Input,
  { signal, timeoutMs }: CallOptions,
): Promise<Result<AsyncIterable<unknown>>> {
  const headers = { accept: "application/x-ndjson, application/problem+json" };
  const silence = createSilence(transport.timeoutOf({ ...place, timeoutMs }), signal);
  const answered = await transport.open({ ...requestOf(place, input), headers, limit: silence });
  silence.end();
  if (!answered.ok) return answered;
  const { body, status } = answered.response;
  const value = body === null ? nothing() : jsonLines(body, silence);
  return { ok: true, value, status, location: undefined };
}

async function* nothing(): AsyncGenerator<never, void, undefined> {}

function requestOf({ method, path, query, seconds }: Place, input: Input) {
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) =>
    encodeURIComponent(String(input[name] as Word)),
  );
  const asked = new URLSearchParams(
    query.flatMap((name) =>
      [input[name]]
        .flat()
        .filter((value) => value !== undefined)
        .map((value): [string, string] => [name, String(value as Word)]),
    ),
  );
  const { body } = input;
  return {
    method,
    seconds,
    path: asked.size === 0 ? filled : `${filled}?${asked.toString()}`,
    ...(body === undefined ? {} : { body }),
  };
}
