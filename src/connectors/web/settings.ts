import { z } from "zod";
import { parseHost } from "../../boundary/policy/host.ts";
import { addressField } from "../http/fields.ts";

const hostPattern = z
  .string()
  .refine(
    (text) => parseHost(text.replace(/^\*\./, "")) !== undefined,
    "Must be a host, or *. and a host",
  );

/** Reading pages and documents of the web. */
export const webSettings = z.strictObject({
  kind: z.literal("web"),
  allowedHosts: z
    .array(hostPattern)
    .default([])
    .describe("the only hosts that are fetched from, exact or as *.example.org; empty for any"),
  blockedHosts: z
    .array(hostPattern)
    .default([])
    .describe("hosts that are never fetched from, exact or as *.example.org"),
  maxBytes: z
    .int()
    .positive()
    .max(64 * 1024 * 1024)
    .default(8 * 1024 * 1024)
    .describe("longest document that is read, in bytes after decompression"),
  maxCharacters: z
    .int()
    .min(500)
    .max(200_000)
    .default(20_000)
    .describe("characters that one call gives; the rest is read on with an offset"),
  maxRedirects: z.int().min(0).max(20).default(5).describe("redirects that are followed"),
  userAgent: z
    .string()
    .regex(/^[\x20-\x7e]{1,200}$/, "Must be one line of printable ASCII")
    .default("agent33")
    .describe("name that servers are told"),
  respectRobots: z
    .boolean()
    .default(false)
    .describe("whether pages that a site's robots.txt closes to programs are left alone"),
  checkUrl: addressField
    .default("https://example.com/")
    .describe("address that a check of this connector asks for"),
});
export type WebSettings = z.infer<typeof webSettings>;
