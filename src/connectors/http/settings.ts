import { z } from "zod";
import { addressField, headerName, headerValue, secretHeader } from "./fields.ts";

export const httpMethods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"] as const;
export type HttpMethod = (typeof httpMethods)[number];

/** An interface over HTTP that agents may ask. */
export const httpSettings = z
  .strictObject({
    kind: z.literal("http"),
    baseUrl: addressField.describe(
      "address that all requests begin with, such as https://api.example.org/v1",
    ),
    methods: z
      .array(z.enum(httpMethods))
      .min(1)
      .default(["GET", "HEAD"])
      .describe("methods that may be used"),
    headers: z
      .record(headerName, headerValue)
      .default({})
      .describe("headers sent with every request; no secrets"),
    secretHeaders: z
      .record(headerName, z.string().min(1))
      .default({})
      .describe("headers whose values are secrets: header to environment variable"),
    idempotencyHeader: headerName
      .exactOptional()
      .describe("header in which the other side takes a key, so that writes may be sent again"),
    maxBytes: z
      .int()
      .positive()
      .max(64 * 1024 * 1024)
      .default(1024 * 1024)
      .describe("longest answer that is read, in bytes"),
    description: z
      .string()
      .exactOptional()
      .describe("what the interface is for, told to the model"),
  })
  .check((context) => {
    const { headers, secretHeaders, idempotencyHeader = [] } = context.value;
    const add = (field: string, message: string) =>
      context.issues.push({ code: "custom", message, path: [field], input: undefined });
    for (const name of Object.keys(headers))
      if (secretHeader.test(name))
        add("headers", `${name} holds a secret: name its environment variable under secretHeaders`);
    const names = [Object.keys(headers), Object.keys(secretHeaders), idempotencyHeader]
      .flat()
      .map((name) => name.toLowerCase());
    for (const name of new Set(names.filter((name, at) => names.indexOf(name) !== at)))
      add("headers", `${name} is set twice`);
  });
export type HttpSettings = z.infer<typeof httpSettings>;
