import { z } from "zod";
import { BoundaryError } from "../../../boundary/errors.ts";
import type { CallContext, CallFacts } from "../../../boundary/types.ts";
import type { ToolOutput } from "../../../tools/tool.ts";
import { type GovernedTool, operationTool } from "../../governed-tool.ts";
import { exchangeJson } from "../../http/exchange.ts";
import type { ConnectorKind } from "../../kind.ts";
import { fromOutside } from "../../../base/outside.ts";
import { fileRefusal, readWorkspaceFile, type Workspace } from "../../workspace/files.ts";
import { measured, type MediaServer, mediaCheck, mediaServer } from "../server.ts";
import { imageType } from "./image-type.ts";
import { type VisionSettings, visionSettings } from "./settings.ts";

const mostFileBytes = 10 * 1024 * 1024;

/** Pictures of a run's workspace, described by a model that can see. */
export const visionKind: ConnectorKind<VisionSettings> = {
  kind: "vision",
  surface: "media",
  summary: "looks at pictures and says what is on them",
  settings: visionSettings,
  open: (settings, parts) => {
    const server = mediaServer(settings, parts);
    const id = `media:${parts.name}`;
    return {
      id,
      tools: [],
      toolsIn: (workspace) => [describeTool(parts.name, server, settings, workspace)],
      calls: [describeFacts(server)],
      check: mediaCheck(id, server, [settings.model]),
    };
  },
};

const describeFacts = ({ place }: MediaServer): CallFacts => ({
  operation: "describe",
  effect: "read",
  repeat: "safe",
  ...place,
});

const inputSchema = z.strictObject({
  path: z
    .string()
    .min(1)
    .max(1024)
    .describe("The picture, relative to the workspace: PNG, JPEG, GIF or WebP."),
  question: z
    .string()
    .min(1)
    .max(4_000)
    .default("Describe what this picture shows, with all text on it.")
    .describe("What is to be found out."),
});
type Input = z.output<typeof inputSchema>;

function describeTool(
  name: string,
  server: MediaServer,
  settings: VisionSettings,
  workspace: Workspace,
): GovernedTool {
  return operationTool({
    name: `${name}__describe`,
    description: `Looks at a picture of the workspace and answers a question about it. The file is sent to ${server.who}.`,
    input: inputSchema,
    effect: "read",
    repeat: "safe",
    operation: {
      id: `media:${name}`,
      facts: () => describeFacts(server),
      run: async (context) => {
        const { path } = context.input;
        try {
          const bytes = await readWorkspaceFile(workspace, path, mostFileBytes);
          return await describe(context, bytes, server, settings);
        } catch (error) {
          const refusal = fileRefusal(error);
          if (refusal === undefined) throw error;
          return refusal;
        }
      },
      measure: measured,
      mapError: server.mapError,
      timeouts: { attemptMs: 120_000, totalMs: 300_000 },
    },
  });
}

async function describe(
  context: CallContext<Input>,
  bytes: Uint8Array,
  server: MediaServer,
  { model, maxTokens }: VisionSettings,
): Promise<ToolOutput> {
  const { path, question } = context.input;
  const type = imageType(bytes);
  if (type === undefined) {
    return { content: `"${path}" is no PNG, JPEG, GIF or WebP picture.`, isError: true };
  }
  const url = `data:${type};base64,${Buffer.from(bytes).toString("base64")}`;
  const content = [
    { type: "text", text: question },
    { type: "image_url", image_url: { url } },
  ];
  const json = {
    model,
    max_completion_tokens: maxTokens,
    messages: [{ role: "user", content }],
  };
  const request = { ...server, url: server.url("chat/completions"), method: "POST", json, answer };
  const { choices, usage } = await exchangeJson(context, request, server.now);
  const text = choices[0]?.message.content ?? "";
  if (text.trim() === "") {
    throw new BoundaryError("invalid_response", `${model} said nothing about the picture.`, {
      hint: "Allow more with maxTokens: a model that thinks first may have used it up.",
    });
  }
  const tokens = usage?.total_tokens;
  return {
    content: fromOutside([`seen in: "${path}"`], text),
    isError: false,
    ...(tokens === undefined ? {} : { structured: { tokens } }),
  };
}

const answer = z.object({
  choices: z.array(z.object({ message: z.object({ content: z.string().nullish() }) })).min(1),
  usage: z.object({ total_tokens: z.number().nonnegative().optional() }).nullish(),
});
