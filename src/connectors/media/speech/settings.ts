import { z } from "zod";
import { mediaBaseUrl, mediaToken } from "../server.ts";

export const audioFormats = ["mp3", "opus", "aac", "flac", "wav"] as const;

/** Speech to text and text to speech, by an OpenAI-compatible server. */
export const speechSettings = z
  .strictObject({
    kind: z.literal("speech"),
    baseUrl: mediaBaseUrl,
    tokenVariable: mediaToken,
    transcribeModel: z
      .string()
      .min(1)
      .exactOptional()
      .describe("model that writes down what is said, such as gpt-4o-mini-transcribe"),
    speakModel: z
      .string()
      .min(1)
      .exactOptional()
      .describe("model that reads texts aloud, such as gpt-4o-mini-tts"),
    voice: z.string().min(1).default("alloy").describe("voice that texts are read in"),
    format: z.enum(audioFormats).default("mp3").describe("format of the files that are made"),
  })
  .refine(
    ({ transcribeModel, speakModel }) => transcribeModel !== undefined || speakModel !== undefined,
    "Needs transcribeModel, speakModel or both",
  );
export type SpeechSettings = z.infer<typeof speechSettings>;
