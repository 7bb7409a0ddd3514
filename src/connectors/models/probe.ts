import { z } from "zod";
import type { ConnectorSpec } from "../../boundary/types.ts";
import { engineCalls } from "../engine-calls.ts";
import { networkError } from "../http/errors.ts";
import { exchangeJson } from "../http/exchange.ts";
import { urlFacts } from "../http/url-facts.ts";

export interface ModelServerProbe {
  /** The server's base address, with its `/v1`. */
  readonly baseUrl: string;
}

const modelListSchema = z.object({ data: z.array(z.object({ id: z.string() })) });

/**
 * Asks an OpenAI-compatible server which models it has (`GET /v1/models`).
 * @param now milliseconds since the Unix epoch
 */
export function modelServerProbe(
  now: () => number,
): ConnectorSpec<ModelServerProbe, readonly string[]> {
  return {
    id: engineCalls.doctor,
    facts: ({ baseUrl }) => ({
      operation: "probe",
      effect: "read",
      repeat: "safe",
      ...urlFacts(baseUrl),
    }),
    run: async (context) => {
      const url = `${context.input.baseUrl}/models`;
      const hint = () => "Check the address, with its /v1. This look sends no key.";
      const request = { who: url, url, answer: modelListSchema, hint };
      const { data } = await exchangeJson(context, request, now);
      return data.map((model) => model.id);
    },
    mapError: (error) => networkError("the model server", error),
    timeouts: { attemptMs: 800, totalMs: 1_000 },
    maxAttempts: 1,
  };
}
