import { z } from "zod";

/** The model that turns texts into vectors. */
export const embeddingSettings = z.strictObject({
  model: z
    .string()
    .min(1)
    .optional()
    .describe("provider:model that turns texts into vectors; none by default"),
  baseUrl: z.url().optional().describe("address of its OpenAI-compatible server, with its /v1"),
  dimensions: z
    .int()
    .positive()
    .optional()
    .describe("numbers in one vector, for models that can be told"),
});
