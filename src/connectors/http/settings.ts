import { z } from "zod";

export const httpMethods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"] as const;
export type HttpMethod = (typeof httpMethods)[number];

/** An interface over HTTP that agents may ask. */
export const httpSettings = z.strictObject({
  kind: z.literal("http"),
  baseUrl: z
    .url({ protocol: /^https?$/ })
    .describe("address that all requests begin with, such as https://api.example.org/v1"),
  methods: z
    .array(z.enum(httpMethods))
    .min(1)
    .default(["GET", "HEAD"])
    .describe("methods that may be used"),
  headers: z
    .record(z.string().regex(/^[A-Za-z0-9-]+$/, "Must be a header's name"), z.string())
    .default({})
    .describe("headers sent with every request; no secrets"),
  secretHeaders: z
    .record(z.string().regex(/^[A-Za-z0-9-]+$/, "Must be a header's name"), z.string().min(1))
    .default({})
    .describe("headers whose values are secrets: header to environment variable"),
  idempotencyHeader: z
    .string()
    .regex(/^[A-Za-z0-9-]+$/, "Must be a header's name")
    .exactOptional()
    .describe("header in which the other side takes a key, so that writes may be sent again"),
  maxBytes: z
    .int()
    .positive()
    .default(1024 * 1024)
    .describe("longest answer that is read, in bytes"),
  description: z.string().exactOptional().describe("what the interface is for, told to the model"),
});
export type HttpSettings = z.infer<typeof httpSettings>;
