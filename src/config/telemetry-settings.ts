import { z } from "zod";
import { addressField, headerName } from "../connectors/http/fields.ts";

/** Who is handed what happens, besides the store. */
export const telemetrySettingsSchema = z.strictObject({
  jsonl: z
    .string()
    .min(1)
    .optional()
    .describe("file that gets a line for each call, decision and run"),
  otlp: z
    .strictObject({
      url: addressField.describe("address that takes traces in JSON, with its /v1/traces"),
      secretHeaders: z
        .record(headerName, z.string().min(1))
        .default({})
        .describe("headers whose values are secrets: header to environment variable"),
      compression: z.enum(["gzip", "none"]).default("gzip").describe("how requests are compressed"),
    })
    .optional()
    .describe("collector that takes OpenTelemetry's protocol over HTTP"),
  onFailure: z
    .enum(["open", "closed"])
    .default("open")
    .describe(
      "open: work goes on while nothing can be handed over, and it is later; closed: no run begins or goes on",
    ),
});
