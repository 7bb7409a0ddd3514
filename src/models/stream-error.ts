import { z } from "zod";
import { Agent33Error, messageOf } from "../base/errors.ts";

/**
 * What providers put into an error event in mid-stream. The shapes differ; these are the fields
 * that the OpenAI and Anthropic wire formats and their imitations have in common.
 */
const payloadSchema = z.object({
  message: z.string().optional().catch(undefined),
  type: z.string().nullish().catch(undefined),
  code: z.union([z.string(), z.number()]).nullish().catch(undefined),
  status: z.string().nullish().catch(undefined),
  statusCode: z.number().optional().catch(undefined),
});

/**
 * The error that an `error` part of a stream stands for. An exception of the library is passed on
 * as it is; a payload of the provider becomes `models.stream_error`, with the HTTP status that it
 * names (`details.status`) and the provider's own words for the kind (`details.kind`).
 */
export function streamError(payload: unknown): Error {
  if (payload instanceof Error) return payload;
  const parsed = payloadSchema.safeParse(payload);
  const { message, type, code, status, statusCode } = parsed.success
    ? parsed.data
    : { message: messageOf(payload) };
  const httpStatus = statusCode ?? httpStatusOf(code);
  const kind = [type, code, status].filter((word) => typeof word === "string").join(" ");
  return new Agent33Error(
    "models.stream_error",
    `The provider reported an error in the middle of its answer: ${message ?? "no message"}`,
    {
      details: {
        ...(httpStatus === undefined ? {} : { status: httpStatus }),
        ...(kind === "" ? {} : { kind }),
      },
    },
  );
}

function httpStatusOf(code: string | number | null | undefined): number | undefined {
  const status = Number(code ?? Number.NaN);
  return Number.isInteger(status) && status >= 400 && status <= 599 ? status : undefined;
}
