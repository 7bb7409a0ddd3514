import { z } from "zod";

/** What a collector says of a request that it took. */
export interface CollectorAnswer {
  /** Spans that it took nothing of, and would not take if they came again. */
  readonly rejectedSpans: number;
  /** Why, or what else it has to say; empty where it says nothing. */
  readonly message: string;
}

/** Protobuf's JSON writes 64-bit numbers as text. */
const count = z.union([
  z.int().nonnegative(),
  z
    .string()
    .regex(/^\d{1,15}$/)
    .transform(Number),
]);

/** ExportTraceServiceResponse of OTLP 1.x; fields that are not set are left out or null. */
const answerSchema = z.object({
  partialSuccess: z
    .object({ rejectedSpans: count.nullish(), errorMessage: z.string().nullish() })
    .nullish(),
});

const tookAll: CollectorAnswer = { rejectedSpans: 0, message: "" };
const longestMessage = 300;

/**
 * Reads the answer to a request that was accepted. An answer that is not of the protocol says
 * nothing about single spans: the status said that they were taken.
 */
export function collectorAnswer(text: string): CollectorAnswer {
  const parsed = answerSchema.safeParse(jsonOf(text));
  const partial = parsed.data?.partialSuccess;
  if (partial === undefined || partial === null) return tookAll;
  const words = (partial.errorMessage ?? "").replace(/[\s\p{Cc}]+/gu, " ").trim();
  const rejectedSpans = partial.rejectedSpans ?? 0;
  const message = words.slice(0, longestMessage);
  return { rejectedSpans, message: message === "" && rejectedSpans > 0 ? "no reason" : message };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // An empty answer, protobuf, or a page of a proxy in between.
    return undefined;
  }
}
