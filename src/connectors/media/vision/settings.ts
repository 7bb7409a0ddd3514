import { z } from "zod";
import { mediaBaseUrl, mediaToken } from "../server.ts";

/** Pictures described by a model of an OpenAI-compatible server. */
export const visionSettings = z.strictObject({
  kind: z.literal("vision"),
  baseUrl: mediaBaseUrl,
  tokenVariable: mediaToken,
  model: z.string().min(1).describe("model that can see, such as gpt-5-mini or qwen2.5-vl"),
  maxTokens: z
    .int()
    .positive()
    .default(1_000)
    .describe("most tokens that the model may write about a picture, its thoughts included"),
});
export type VisionSettings = z.infer<typeof visionSettings>;
