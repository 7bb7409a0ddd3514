import { z } from "zod";
import { addressField } from "../connectors/http/fields.ts";
import { servedEvaluationsSchema } from "./evaluation-settings.ts";

/** Algorithms with a public key: who can check a token cannot make one. */
const tokenAlgorithms = ["RS256", "PS256", "ES256", "ES384", "EdDSA"] as const;

/** Tokens of an identity provider that the API takes. */
const jwtSchema = z.strictObject({
  issuer: z.string().min(1),
  audience: z.string().min(1),
  jwksUrl: addressField,
  algorithms: z.array(z.enum(tokenAlgorithms)).min(1).default(["RS256", "ES256"]),
  tenantClaim: z.string().min(1).default("tenant"),
  userClaim: z.string().min(1).default("sub"),
  scopesClaim: z.string().min(1).default("scope"),
});

/** How `agent33 serve` listens, and what it takes. */
export const serveSettingsSchema = z.strictObject({
  host: z.string().min(1).default("127.0.0.1").describe("address that the API listens on"),
  port: z
    .int()
    .min(0)
    .max(65_535)
    .default(3333)
    .describe("port that the API listens on; 0 takes any that is free"),
  names: z
    .array(
      z
        .string()
        .regex(/^[\w.-]+$/, "Must be the name of a host, without a port")
        .max(253),
    )
    .default([])
    .describe("names under which the API may be asked besides this machine's own"),
  tlsCert: z.string().min(1).optional().describe("PEM file with the certificate of the API"),
  tlsKey: z.string().min(1).optional().describe("PEM file with the key of that certificate"),
  allowPlainRemote: z
    .boolean()
    .default(false)
    .describe(
      "whether other machines may be served without TLS, as behind a proxy that has it; keys are readable on the way then",
    ),
  concurrency: z
    .int()
    .nonnegative()
    .max(1_000)
    .default(4)
    .describe("runs that the server works on at once, of each tenant; 0 leaves them to workers"),
  maxBodyKilobytes: z.int().positive().max(102_400).default(1_024).describe("largest body"),
  maxDepth: z
    .int()
    .positive()
    .max(200)
    .default(32)
    .describe("arrays and objects within one another that a body may have"),
  requestSeconds: z
    .int()
    .positive()
    .max(3_600)
    .default(30)
    .describe("seconds until a request is answered"),
  requestsPerMinute: z
    .int()
    .positive()
    .max(10_000_000)
    .default(6_000)
    .describe("requests of one key a minute"),
  workspaces: z
    .array(z.string().min(1))
    .default([])
    .describe("folders in which runs that come by the API may work"),
  evaluations: servedEvaluationsSchema.prefault({}),
  releases: z
    .string()
    .min(1)
    .default(".git/agent33")
    .describe("folder of the snapshots and review packets that the API shows"),
  metrics: z
    .enum(["key", "open"])
    .default("key")
    .describe(
      "who may read /metrics: those with a key that has metrics:read, or anybody on this machine",
    ),
  jwt: jwtSchema.optional().describe("tokens of an identity provider that the API takes"),
});
