import { z } from "zod";
import { effects, repeats } from "../base/effect.ts";
import { secretHeader } from "../connectors/http/fields.ts";
import { hasOnlyReferences, referencesIn } from "./references.ts";

/** What an operator declares about a tool that cannot be trusted to declare it itself. */
export const toolDeclarationSchema = z.strictObject({
  effect: z.enum(effects).exactOptional(),
  repeat: z.enum(repeats).exactOptional(),
});

/** What servers of both kinds have. */
const common = {
  tools: z.record(z.string(), toolDeclarationSchema).default({}),
  protocol: z
    .union([z.enum(["auto", "legacy"]), z.string().regex(/^\d{4}-\d{2}-\d{2}$/)])
    .exactOptional(),
  /** Whether it may ask the run's model, at the run's cost. */
  sampling: z.boolean().default(false),
};

/** What looks like a reference and is none would reach the server as it stands. */
const referring = z
  .string()
  .refine(
    hasOnlyReferences,
    "Only ${VARIABLE} is replaced here, by the variable of that name; defaults, env: and the like are not known",
  );

const stdioServerSchema = z.strictObject({
  type: z.literal("stdio"),
  command: z.string().min(1),
  args: z.array(z.string()).default([]),
  env: z.record(z.string(), referring).default({}),
  cwd: z.string().optional(),
  /** Whether it runs in a sandbox, where there is one. */
  confine: z.boolean().default(true),
  /** Hosts that it talks to. Without any it has no network. */
  hosts: z.array(z.string().min(1)).default([]),
  /** Folders that it may read and write besides those that its arguments name. */
  writable: z.array(z.string().min(1)).default([]),
  /** Files and folders that it may read besides its own program. */
  readOnly: z.array(z.string().min(1)).default([]),
  ...common,
});

const headersSchema = z.record(z.string(), referring).superRefine((headers, context) => {
  for (const [name, value] of Object.entries(headers)) {
    if (!secretHeader.test(name) || referencesIn(value).length > 0) continue;
    const message = "Put the secret into a variable of the environment and write ${VARIABLE} here";
    context.addIssue({ code: "custom", path: [name], message });
  }
});

/** How to log in to a server that wants it (OAuth 2.1 in the words of MCP's authorization). */
const oauthSchema = z
  .strictObject({
    grant: z.enum(["authorization_code", "client_credentials"]).exactOptional(),
    clientId: z.string().min(1).exactOptional(),
    clientSecret: z
      .string()
      .refine((text) => referencesIn(text).length > 0, "Write ${VARIABLE} instead of the secret")
      .exactOptional(),
    clientMetadataUrl: z.url({ protocol: /^https$/ }).exactOptional(),
    scope: z.string().min(1).exactOptional(),
  })
  .refine(
    ({ grant, clientId, clientSecret }) =>
      grant !== "client_credentials" || (clientId !== undefined && clientSecret !== undefined),
    "client_credentials needs clientId and clientSecret",
  );

const httpServerSchema = z
  .strictObject({
    type: z.literal("http"),
    url: z.url({ protocol: /^https?$/ }).refine((text) => {
      const { username, password } = new URL(text);
      return username + password === "";
    }, "Give credentials in headers, not in the URL"),
    headers: headersSchema.default({}),
    oauth: oauthSchema.default({}),
    /** `sse` is the way of 2024, which some servers know alone; `type: sse` says the same. */
    transport: z.enum(["streamable", "sse"]).default("streamable"),
    ...common,
  })
  .refine(
    ({ transport, oauth }) => transport !== "sse" || Object.keys(oauth).length === 0,
    "There is no login over sse: give a token in headers",
  );

/**
 * One MCP server, in the shape of the `mcpServers` files that other programs read. What such files
 * leave out is told from the rest: a URL means HTTP, a command a program.
 */
export const mcpServerSchema = z.preprocess(
  (value) => {
    if (typeof value !== "object" || value === null) return value;
    const { type, ...rest } = value as { readonly type?: unknown };
    if (type === undefined) return { type: "url" in rest ? "http" : "stdio", ...rest };
    if (type === "sse") return { ...rest, type: "http", transport: "sse" };
    return type === "streamable-http" || type === "streamableHttp"
      ? { ...rest, type: "http" }
      : value;
  },
  z.discriminatedUnion("type", [stdioServerSchema, httpServerSchema]),
);
export type McpServerSettings = z.infer<typeof mcpServerSchema>;
