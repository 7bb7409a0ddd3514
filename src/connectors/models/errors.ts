import { AISDKError, APICallError } from "@ai-sdk/provider";
import { causesOf } from "../../base/causes.ts";
import { type Agent33Error, isAgent33Error, messageOf } from "../../base/errors.ts";
import {
  BoundaryError,
  type BoundaryErrorOptions,
  isBoundaryError,
} from "../../boundary/errors.ts";
import {
  contextOverflow,
  type ContextOverflow,
  readOverflow,
} from "../../models/context-overflow.ts";
import { keyVariableOf } from "../../models/providers.ts";
import type { ModelInfo } from "../../models/model.ts";
import { failedBeforeSending, isCertificateCode, networkCodeOf } from "../http/network.ts";
import { retryAfterMs } from "../http/retry-after.ts";
import { errorWords } from "./error-words.ts";
import { retryInfoMs } from "./retry-info.ts";

/**
 * What went wrong in a model call, as the boundary's error: the one place where the errors of the
 * AI SDK, of `fetch`, of Node's network code and of `models/` are told apart. Undefined for what is
 * not known here, and for an abort, which the chain ended itself and can explain better.
 *
 * | what happened | becomes | again? |
 * |---|---|---|
 * | a boundary error somewhere among the causes (egress refused, deadline) | the same | as it says |
 * | abort | undefined | |
 * | status 429 | `upstream_429` with the wait that the headers ask for, or Google's body | yes; no where the quota is used up |
 * | status 408, 425 | `upstream_5xx` | yes |
 * | a conversation that is too long, whatever the status, and 413 | `upstream_4xx`, caused by `models.context_overflow` | no |
 * | other 4xx | `upstream_4xx`, with a hint for 401, 402, 403 and 404 | no |
 * | 3xx (redirects are not followed) | `upstream_4xx` | no |
 * | 501, 505 | `upstream_5xx` | no |
 * | other 5xx | `upstream_5xx` with the wait that the headers ask for | yes |
 * | error event in a stream (`models.stream_error`) | by the status or the kind that it names | as above |
 * | connection refused, name not found, no route, connect timeout | `transport`, `before_send` | yes |
 * | certificate refused | `transport`, `before_send` | no |
 * | connection reset, closed, timed out; a hosted provider's stream without an end | `transport`, `unknown` | yes |
 * | an answer with nothing of a stream in it, one that is no stream of the provider's format, or from an openai-compatible server one without a finish reason | `invalid_response` | yes: a model call may be repeated |
 * | a request that the SDK cannot express | `internal`, `before_send` | no |
 * | `models.*` (script or replay exhausted) | `upstream_4xx` with the original code and hint | no |
 */
export function mapModelError(
  error: unknown,
  model: ModelInfo,
  nowMs: () => number,
): BoundaryError | undefined {
  const causes = causesOf(error);
  const ours = causes.find(isBoundaryError);
  if (ours !== undefined) return ours;
  if (causes.some(isAbort)) return undefined;

  const answer = causes.find((one) => APICallError.isInstance(one));
  if (answer?.statusCode !== undefined && answer.statusCode >= 300) {
    const headers = answer.responseHeaders ?? {};
    const waitMs = retryAfterMs(headers, nowMs()) ?? retryInfoMs(answer.responseBody);
    const words = errorWords(answer.responseBody);
    const said = words?.text ?? `${answer.message} ${quotaWords(answer.data)}`.trim();
    const overflow = overflowIn(answer.statusCode, said, words?.sizes);
    if (overflow !== undefined) return tooLong(answer.statusCode, said, model, overflow, error);
    return fromStatus(answer.statusCode, said === "" ? "no message" : said, model, {
      cause: error,
      ...(waitMs === undefined ? {} : { retryAfterMs: waitMs }),
    });
  }
  const code = networkCodeOf(causes);
  if (code !== undefined) return fromNetwork(code, error, model);
  if (isAgent33Error(error)) return fromModels(error, model);
  return fromLibrary(error, model);
}

/** Statuses that say something else than that the conversation is too long, whatever the words. */
const neverTooLong = new Set([401, 403, 429]);

function overflowIn(
  status: number,
  said: string,
  sizes: ContextOverflow = {},
): ContextOverflow | undefined {
  if (neverTooLong.has(status)) return undefined;
  const read = readOverflow(said) ?? (status === 413 ? {} : undefined);
  return read === undefined ? undefined : { ...read, ...sizes };
}

/** Older llama.cpp says it with 500; trying again would not make the conversation shorter. */
function tooLong(
  status: number,
  said: string,
  model: ModelInfo,
  overflow: ContextOverflow,
  cause: unknown,
): BoundaryError {
  return new BoundaryError(
    "upstream_4xx",
    `${model.provider} answered ${status}: ${shorten(said)}`,
    {
      status,
      hint: "The conversation does not fit into the model's context window. Shorten it, or use a model with a larger one.",
      cause: contextOverflow(`${model.provider}:${model.model}`, overflow, cause),
    },
  );
}

function fromStatus(
  status: number,
  said: string,
  model: ModelInfo,
  extra: BoundaryErrorOptions,
): BoundaryError {
  const message = `${model.provider} answered ${status}: ${shorten(said)}`;
  const options = { ...extra, status };
  if (status === 429) {
    return /insufficient_quota|billing/i.test(said)
      ? new BoundaryError("upstream_429", message, {
          ...options,
          retryable: false,
          hint: "The account's quota is used up. Waiting does not help; add credit or raise the limit.",
        })
      : new BoundaryError("upstream_429", message, {
          ...options,
          hint: "The provider limits the rate. Lower the concurrency or ask for a higher limit.",
        });
  }
  if (status === 408 || status === 425) return new BoundaryError("upstream_5xx", message, options);
  if (status >= 500) {
    const again = status !== 501 && status !== 505;
    return new BoundaryError("upstream_5xx", message, { ...options, retryable: again });
  }
  const hint = hintOf(status, said, model);
  return new BoundaryError("upstream_4xx", message, {
    ...options,
    ...(hint === undefined ? {} : { hint }),
  });
}

function hintOf(status: number, said: string, model: ModelInfo): string | undefined {
  if (status < 400) {
    return `The server redirects. Set the base URL to the address that it redirects to, instead of ${model.baseUrl}.`;
  }
  switch (status) {
    case 401:
    case 403:
      return keyHint(model);
    case 402:
      return "The account has no credit left.";
    case 404:
      return `Check the model's name "${model.model}" and the base URL ${model.baseUrl} (it usually ends with /v1).`;
    default:
      // Google says with 400 that it does not know a key.
      return /api key (?:not valid|not found|expired)/i.test(said) ? keyHint(model) : undefined;
  }
}

function keyHint(model: ModelInfo): string {
  const variable = keyVariableOf(model.provider);
  return variable === undefined
    ? `Check the API key for ${model.baseUrl}.`
    : `Check the API key in ${variable}, and that it may use "${model.model}".`;
}

function fromNetwork(code: string, error: unknown, model: ModelInfo): BoundaryError {
  const where = model.baseUrl ?? model.provider;
  if (isCertificateCode(code)) {
    return new BoundaryError("transport", `The certificate of ${where} was refused (${code}).`, {
      phase: "before_send",
      retryable: false,
      hint: "Check the address, the clock of this machine, and NODE_EXTRA_CA_CERTS for a private authority.",
      cause: error,
    });
  }
  return failedBeforeSending(code)
    ? new BoundaryError("transport", `No connection to ${where} (${code}).`, {
        phase: "before_send",
        hint: `Check that a server is listening at ${where} and that this machine may reach it.`,
        cause: error,
      })
    : new BoundaryError("transport", `The connection to ${where} broke off (${code}).`, {
        cause: error,
      });
}

function fromModels(error: Agent33Error, model: ModelInfo): BoundaryError | undefined {
  if (!error.code.startsWith("models.")) return undefined;
  const hint = error.hint === undefined ? {} : { hint: error.hint };
  if (error.code === "models.stream_ended") {
    return new BoundaryError("transport", error.message, { ...hint, cause: error });
  }
  if (error.code === "models.no_stream") {
    return new BoundaryError("invalid_response", error.message, {
      ...hint,
      retryable: true,
      cause: error,
    });
  }
  if (error.code === "models.stream_error") {
    const details = (error.details ?? {}) as { status?: number; kind?: string };
    const status = details.status ?? statusOfKind(details.kind ?? "");
    const said = `${error.message} ${details.kind ?? ""}`.trim();
    const overflow = overflowIn(status, said);
    if (overflow !== undefined) return tooLong(status, said, model, overflow, error);
    return fromStatus(status, said, model, { cause: error });
  }
  return new BoundaryError("upstream_4xx", `${error.message} (${error.code})`, {
    ...hint,
    phase: "before_send",
    cause: error,
  });
}

/** The status that the OpenAI, Anthropic and Google APIs use for the kinds of error they name. */
function statusOfKind(kind: string): number {
  if (/rate_limit|quota|RESOURCE_EXHAUSTED/i.test(kind)) return 429;
  if (/authentication|invalid_api_key|UNAUTHENTICATED/i.test(kind)) return 401;
  if (/permission/i.test(kind)) return 403;
  if (/not_found/i.test(kind)) return 404;
  if (/invalid_request|context_length|INVALID_ARGUMENT/i.test(kind)) return 400;
  if (/overloaded/i.test(kind)) return 529;
  return 500;
}

/** Errors of the SDK that say nothing about the network: by its own names for them. */
function fromLibrary(error: unknown, model: ModelInfo): BoundaryError | undefined {
  if (error instanceof TypeError && /^(?:fetch failed|terminated)$/.test(error.message)) {
    const where = model.baseUrl ?? model.provider;
    return new BoundaryError("transport", `The connection to ${where} failed.`, { cause: error });
  }
  if (!AISDKError.isInstance(error)) return undefined;
  if (answerErrors.has(error.name)) {
    return new BoundaryError(
      "invalid_response",
      `${model.provider} answered with something that is not its format: ${shorten(messageOf(error))}`,
      {
        retryable: true,
        hint: `Check that the base URL ${model.baseUrl} is that of an API, not of a web page or a proxy.`,
        cause: error,
      },
    );
  }
  return new BoundaryError(
    "internal",
    `The request cannot be put to ${model.provider}: ${shorten(error.message)}`,
    { phase: "before_send", cause: error },
  );
}

const answerErrors = new Set([
  "AI_APICallError",
  "AI_EmptyResponseBodyError",
  "AI_InvalidResponseDataError",
  "AI_JSONParseError",
  "AI_NoContentGeneratedError",
  "AI_TypeValidationError",
]);

/** OpenAI says in the body, not in the message, that a 429 is about money. */
function quotaWords(data: unknown): string {
  const text = JSON.stringify(data) ?? "";
  return text.includes("insufficient_quota") ? "(insufficient_quota)" : "";
}

function isAbort(value: unknown): boolean {
  return value instanceof Error && (value.name === "AbortError" || value.name === "TimeoutError");
}

/** Server messages may be whole pages; this much of one is enough to recognise it. */
const longestQuote = 400;

function shorten(text: string): string {
  return text.length <= longestQuote ? text : `${text.slice(0, longestQuote)}…`;
}
