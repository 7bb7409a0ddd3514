import type { z } from "zod";
import type { Effect } from "../base/effect.ts";
import type { Config } from "../config/config.ts";
import type { Engine } from "../engine.ts";
import type { ApiKeys } from "../engine/api-keys.ts";
import type { Engines } from "../engine/engines.ts";
import type { Host } from "../engine/host.ts";
import type { Caller } from "./caller.ts";
import { checked } from "./input.ts";
import { pushedText } from "./pushed-text.ts";
import type { Scope } from "./scopes.ts";

export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

/** What every route is handed besides its own input. */
export interface RouteContext {
  readonly caller: Caller;
  /** The engine of the caller's tenant: it has no way to another tenant's rows. */
  readonly engine: Engine;
  /** For what belongs to the installation. */
  readonly engines: Engines;
  /** The keys of the installation, of all tenants. */
  readonly keys: ApiKeys;
  readonly config: Config;
  readonly host: Host;
  /** Aborts when the other side has gone, the time is over or the server closes. */
  readonly signal: AbortSignal;
  /** A header of the request, by its name in lower case. */
  header(name: string): string | undefined;
}

/** One event of a stream, as server-sent events carry it. */
export type StreamItem =
  | { readonly id?: string; readonly event: string; readonly data: string }
  /** Shows that the connection lives. */
  | { readonly comment: string };

/** What a route gives back. */
export type Answer =
  | {
      readonly kind: "json";
      readonly status: number;
      readonly body: unknown;
      readonly location?: string;
    }
  /** A file as it is made: nothing of it is kept in memory. */
  | { readonly kind: "lines"; readonly fileName: string; readonly text: ReadableStream<string> }
  /** A text that is made already, in one of the forms that its route names. */
  | ({ readonly kind: "text" } & TextAnswer)
  | { readonly kind: "stream"; readonly items: AsyncIterable<StreamItem> | undefined };

/** A whole answer as text. */
export interface TextAnswer {
  /** With its parameters; what stands before the first `;` is one of the route's forms. */
  readonly contentType: string;
  readonly text: string;
  /** Under which whoever gets it would keep it; browsers do not show it then. */
  readonly fileName?: string;
}

/** What came in, before it is checked. */
export interface RawInput {
  readonly params: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string | readonly string[]>>;
  readonly body: unknown;
}

/** What a route says of itself. The reference is made of it. */
export interface RouteFacts {
  /** What clients call it: `startRun`. */
  readonly name: string;
  readonly method: Method;
  /** With names in braces: `/v1/runs/{id}`. Prometheus asks where it always does. */
  readonly path: `/v1/${string}` | "/metrics";
  /** The group that it stands under in the reference. */
  readonly tag: string;
  readonly scope: Scope;
  readonly effect: Effect;
  readonly summary: string;
  readonly description?: string;
  readonly params?: z.ZodObject;
  readonly query?: z.ZodObject;
  readonly body?: z.ZodType;
  /** Whether the record has no digest of the body either: short secrets could be guessed from one. */
  readonly hidesBody?: boolean;
  readonly answer:
    | { readonly status: 200 | 201 | 202; readonly schema: z.ZodType }
    /** JSON, one value a line. */
    | { readonly lines: z.ZodType }
    /** One of several forms, each by its content type. */
    | { readonly forms: Readonly<Record<string, z.ZodType>> }
    /** Server-sent events. */
    | { readonly stream: z.ZodType };
  /** Statuses of errors besides those that every route can have. */
  readonly problems?: readonly number[];
  /** Seconds until it has answered, where others than the settings' hold. Streams have none. */
  readonly seconds?: number;
}

/** One operation of the API: what it says of itself, and what it does. */
export interface Route extends RouteFacts {
  /** Checks what came in and answers. @throws Agent33Error `api.invalid_request` and the engine's */
  respond(input: RawInput, context: RouteContext): Promise<Answer>;
}

/** A request to one route: its parsed input, and what every route gets. */
export interface Call<P, Q, B> extends RouteContext {
  readonly params: Output<P>;
  readonly query: Output<Q>;
  readonly body: Output<B>;
}

type Output<Schema> = Schema extends z.ZodType ? z.output<Schema> : undefined;
type Fields = z.ZodObject | undefined;
type Value = z.ZodType | undefined;

/** What a route says and takes, without what it gives. */
type Spec<P, Q, B> = Omit<RouteFacts, "params" | "query" | "body" | "answer"> & {
  readonly params?: P;
  readonly query?: Q;
  readonly body?: B;
};

/**
 * A route that answers with JSON.
 * @param spec what it takes and gives; `handle` returns what `answer.schema` describes
 */
export function defineRoute<
  S extends z.ZodType,
  P extends Fields = undefined,
  Q extends Fields = undefined,
  B extends Value = undefined,
>(
  spec: Spec<P, Q, B> & {
    readonly answer: { readonly status: 200 | 201 | 202; readonly schema: S };
    /** Where what was made can be found. */
    readonly location?: (body: z.input<S>) => string;
    readonly handle: (call: Call<P, Q, B>) => Promise<z.input<S>> | z.input<S>;
  },
): Route {
  const { handle, location, answer } = spec;
  return {
    ...factsOf(spec),
    answer,
    respond: async (input, context) => {
      const body = await handle(callOf(spec, input, context));
      return {
        kind: "json",
        status: answer.status,
        body,
        ...(location === undefined ? {} : { location: location(body) }),
      };
    },
  };
}

/**
 * A route that answers with server-sent events until there is nothing more to tell or the other side
 * goes. `open` gives undefined where there is nothing to tell any more: the other side need not come
 * again.
 */
export function defineStream<
  P extends Fields = undefined,
  Q extends Fields = undefined,
  B extends Value = undefined,
>(
  spec: Spec<P, Q, B> & {
    readonly answer: { readonly stream: z.ZodType };
    readonly open: (call: Call<P, Q, B>) => AsyncIterable<StreamItem> | undefined;
  },
): Route {
  const { open, answer } = spec;
  return {
    ...factsOf(spec),
    answer,
    respond: async (input, context) => ({
      kind: "stream",
      items: open(callOf(spec, input, context)),
    }),
  };
}

/**
 * A route that answers with a file of JSON lines. `write` writes it piece by piece, as fast as the
 * other side reads; what it throws breaks the answer off, so that half a file is never a whole one.
 */
export function defineLines<
  P extends Fields = undefined,
  Q extends Fields = undefined,
  B extends Value = undefined,
>(
  spec: Spec<P, Q, B> & {
    readonly answer: { readonly lines: z.ZodType };
    readonly fileName: string;
    /** Refuses what is refused before anything is written, so that it is an answer of its own. */
    readonly admit?: (call: Call<P, Q, B>) => void;
    readonly write: (call: Call<P, Q, B>, out: (text: string) => Promise<void>) => Promise<unknown>;
  },
): Route {
  const { write, admit, fileName, answer } = spec;
  return {
    ...factsOf(spec),
    answer,
    respond: async (input, context) => {
      const call = callOf(spec, input, context);
      admit?.(call);
      return { kind: "lines", fileName, text: pushedText((out) => write(call, out)) };
    },
  };
}

/** A route that answers with a text in one of several forms, such as a report. */
export function defineText<
  P extends Fields = undefined,
  Q extends Fields = undefined,
  B extends Value = undefined,
>(
  spec: Spec<P, Q, B> & {
    readonly answer: { readonly forms: Readonly<Record<string, z.ZodType>> };
    readonly handle: (call: Call<P, Q, B>) => Promise<TextAnswer> | TextAnswer;
  },
): Route {
  const { handle, answer } = spec;
  return {
    ...factsOf(spec),
    answer,
    respond: async (input, context) => ({
      kind: "text",
      ...(await handle(callOf(spec, input, context))),
    }),
  };
}

function factsOf<P extends Fields, Q extends Fields, B extends Value>(
  spec: Spec<P, Q, B>,
): Omit<RouteFacts, "answer"> {
  const { params, query, body, name, method, path, tag, scope, effect, summary } = spec;
  return {
    name,
    method,
    path,
    tag,
    scope,
    effect,
    summary,
    ...(params === undefined ? {} : { params }),
    ...(query === undefined ? {} : { query }),
    ...(body === undefined ? {} : { body }),
    ...(spec.description === undefined ? {} : { description: spec.description }),
    ...(spec.problems === undefined ? {} : { problems: spec.problems }),
    ...(spec.seconds === undefined ? {} : { seconds: spec.seconds }),
  };
}

/** The one place where what came in becomes what a handler is given. */
function callOf<P extends Fields, Q extends Fields, B extends Value>(
  { params, query, body }: Spec<P, Q, B>,
  input: RawInput,
  context: RouteContext,
): Call<P, Q, B> {
  const part = (schema: z.ZodType | undefined, value: unknown, where: string): unknown =>
    schema === undefined ? undefined : checked(schema, value, where);
  return {
    ...context,
    params: part(params, input.params, "path") as Output<P>,
    query: part(query, input.query, "query") as Output<Q>,
    body: part(body, input.body, "body") as Output<B>,
  };
}
