import { z } from "zod";
import { messageOf, systemCodeOf } from "../../base/errors.ts";
import { BoundaryError } from "../../boundary/errors.ts";
import type { ConnectorSpec } from "../../boundary/types.ts";
import { urlFacts } from "./url-facts.ts";

export interface ModelServerProbe {
  /** The server's base address, with its `/v1`. */
  readonly baseUrl: string;
}

const modelListSchema = z.object({ data: z.array(z.object({ id: z.string() })) });

/** Asks an OpenAI-compatible server which models it has (`GET /v1/models`). */
export const modelServerProbe: ConnectorSpec<ModelServerProbe, readonly string[]> = {
  id: "http:doctor",
  facts: ({ baseUrl }) => ({
    operation: "probe",
    effect: "read",
    repeat: "safe",
    ...urlFacts(baseUrl),
  }),
  run: async (context) => {
    const { input, signal } = context;
    const response = await context.fetch(`${input.baseUrl}/models`, { signal });
    if (!response.ok) {
      await response.body?.cancel();
      throw new BoundaryError(
        "upstream_4xx",
        `${input.baseUrl}/models answered ${response.status}.`,
        { status: response.status },
      );
    }
    const parsed = modelListSchema.safeParse(await response.json());
    if (!parsed.success)
      throw new BoundaryError(
        "invalid_response",
        `${input.baseUrl}/models gave no list of models.`,
      );
    return parsed.data.data.map((model) => model.id);
  },
  mapError: (error) => {
    const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
    return new BoundaryError(
      "transport",
      `No server answered: ${systemCodeOf(cause) ?? messageOf(cause)}`,
      { phase: "before_send", cause: error },
    );
  },
  timeouts: { attemptMs: 800, totalMs: 1_000 },
  maxAttempts: 1,
};
