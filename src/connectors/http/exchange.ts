import type { z } from "zod";
import { BoundaryError } from "../../boundary/errors.ts";
import type { CallContext } from "../../boundary/types.ts";
import { readBody, readWholeBody } from "./body.ts";
import { statusError } from "./errors.ts";

/** One request that is answered with JSON. */
export interface JsonRequest<Answer> {
  /** Who is asked, as a person would name it: `Slack`. */
  readonly who: string;
  readonly url: string | URL;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly json?: unknown;
  /** Sent as `multipart/form-data`, instead of JSON. */
  readonly form?: FormData;
  /** What a good answer looks like; fields that are not named are let through. */
  readonly answer: z.ZodType<Answer>;
  /** Longest answer that is taken, in bytes. Default 1 MiB. */
  readonly limitBytes?: number;
  /** What to do about a status of 400 to 499. */
  readonly hint?: (status: number) => string | undefined;
  /** Reads a refusal in JSON, where the interface has a form for what it says. */
  readonly explain?: (body: unknown) => RefusalWords | undefined;
  /** Secrets in the address: a refusal that repeats them is not told with them. */
  readonly secrets?: readonly string[];
}

/** What a refusal says in its own form. */
export interface RefusalWords {
  readonly said: string;
  /** How long the other side asks to wait, in milliseconds. */
  readonly waitMs?: number | undefined;
}

const defaultLimitBytes = 1024 * 1024;
/** How much of a refusal is read for its message, in bytes. */
const refusalBytes = 4 * 1024;

/**
 * One request to an interface that speaks JSON, within one attempt of a call. Redirects are not
 * followed: interfaces do not move without saying so.
 * @throws BoundaryError by the status, and `boundary.invalid_response`
 */
export async function exchangeJson<Answer>(
  context: Pick<CallContext<unknown>, "fetch" | "signal">,
  request: JsonRequest<Answer>,
  nowMs: () => number,
): Promise<Answer> {
  const { who, url, method = "GET", headers = {}, limitBytes = defaultLimitBytes } = request;
  const { type, body } = await bodyOf(request);
  const response = await context.fetch(url, {
    method,
    redirect: "manual",
    headers: {
      accept: "application/json",
      ...(type === undefined ? {} : { "content-type": type }),
      ...headers,
    },
    ...(body === undefined ? {} : { body }),
    signal: context.signal,
  });
  if (!response.ok) throw await refused(who, response, nowMs(), request);
  const text = Buffer.from(await readWholeBody(response, limitBytes, who)).toString("utf8");
  const parsed = request.answer.safeParse(jsonOf(text, who));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const where =
    issue === undefined ? "" : ` (${issue.path.map(String).join(".")}: ${issue.message})`;
  throw new BoundaryError("invalid_response", `${who} answered something unexpected${where}.`);
}

interface SentBody {
  readonly type?: string;
  readonly body?: string | ArrayBuffer;
}

async function bodyOf({ json, form }: JsonRequest<unknown>): Promise<SentBody> {
  if (form !== undefined) {
    // The form is Node's, and the boundary's fetch knows only its own: it gets the bytes.
    const encoded = new Response(form);
    const type = encoded.headers.get("content-type") ?? "multipart/form-data";
    return { type, body: await encoded.arrayBuffer() };
  }
  return json === undefined ? {} : { type: "application/json", body: JSON.stringify(json) };
}

/** The error for an answer that is not `ok`, with what it says. */
export async function refused(
  who: string,
  response: Response,
  nowMs: number,
  request: Pick<JsonRequest<unknown>, "hint" | "explain" | "secrets"> = {},
): Promise<BoundaryError> {
  const { status, headers } = response;
  const { bytes } = await readBody(response, refusalBytes);
  const text = Buffer.from(bytes).toString("utf8");
  const words = request.explain?.(jsonIn(text));
  const said = (request.secrets ?? []).reduce(
    (told, secret) => told.replaceAll(secret, "…"),
    words?.said ?? text,
  );
  const { waitMs } = words ?? {};
  return statusError({ who, status, headers, said, hint: request.hint?.(status), waitMs }, nowMs);
}

/** A refusal is often a page of a proxy in between. */
function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Told as the text that it is.
    return undefined;
  }
}

function jsonOf(text: string, who: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new BoundaryError("invalid_response", `${who} answered what is not JSON.`, { cause });
  }
}
