import type { RequestOptions, Client } from "@modelcontextprotocol/client";
import { z } from "zod";
import { isBoundaryError } from "../../boundary/errors.ts";
import { defineTool, type ToolPlan } from "../../tools/define.ts";
import type { Tool, ToolContext } from "../../tools/tool.ts";
import { describeResource, ofServer, toPromptText } from "./content.ts";
import type { McpServer } from "./server.ts";
import type { McpSession } from "./session.ts";
import { offeredName } from "./tool-name.ts";

/** Sends one request in a session that is alive. */
export type AskServer = <T>(
  what: string,
  context: ToolContext,
  request: (client: Client, options: RequestOptions) => Promise<T>,
) => Promise<T>;

/** Their names, for declarations. */
export const documentToolNames: readonly string[] = [
  "list_resources",
  "read_resource",
  "list_prompts",
  "get_prompt",
];

const none = "There are none.";

/**
 * A server's resources and prompts, which MCP means for people's programs, as tools that an agent
 * can use. By the protocol's own words these requests read; an operator who knows better declares
 * them like any tool.
 */
export function documentTools(
  server: McpServer,
  offers: McpSession["offers"],
  ask: AskServer,
): readonly Tool[] {
  const tool = <Input extends z.ZodObject>(
    name: string,
    operation: string,
    plan: Pick<ToolPlan<Input>, "description" | "input" | "run">,
  ): Tool => {
    const { effect = "read", repeat = "safe" } = server.tools[name] ?? {};
    const source = `mcp:${server.name}`;
    const made = defineTool({
      ...plan,
      name: offeredName(server.name, name),
      effect,
      repeat,
      source,
    });
    return { ...made, operation };
  };
  const output = (content: string) => ({
    content: content === "" ? none : ofServer(server.name, content),
    isError: false,
  });
  const resources = () => [
    tool("list_resources", "resources/list", {
      description: `Lists the documents of the server ${server.name} that read_resource can read.`,
      input: z.object({}),
      run: async (_args, context) => {
        const all = await ask("the list of resources", context, (client, options) =>
          client.listResources({}, { ...options, cacheMode: "refresh" }),
        );
        const templates = await ask("the list of templates", context, (client, options) =>
          client.listResourceTemplates({}, { ...options, cacheMode: "refresh" }),
        ).then(({ resourceTemplates }) => resourceTemplates, noneWhereUnknown);
        return output(
          [
            ...all.resources.map((one) => lineOf(one.uri, one)),
            ...templates.map((one) => lineOf(one.uriTemplate, one)),
          ].join("\n"),
        );
      },
    }),
    tool("read_resource", "resources/read", {
      description: `Reads a document of the server ${server.name}.`,
      input: z.object({ uri: z.string().describe("as list_resources gives it") }),
      run: async ({ uri }, context) => {
        const { contents } = await ask(`reading ${uri}`, context, (client, options) =>
          client.readResource({ uri }, { ...options, cacheMode: "refresh" }),
        );
        return output(contents.map(describeResource).join("\n"));
      },
    }),
  ];
  const prompts = () => [
    tool("list_prompts", "prompts/list", {
      description: `Lists the prompts of the server ${server.name} that get_prompt can get.`,
      input: z.object({}),
      run: async (_args, context) => {
        const all = await ask("the list of prompts", context, (client, options) =>
          client.listPrompts({}, { ...options, cacheMode: "refresh" }),
        );
        return output(
          all.prompts
            .map((one) =>
              lineOf([one.name, ...(one.arguments ?? []).map(argumentWord)].join(" "), one),
            )
            .join("\n"),
        );
      },
    }),
    tool("get_prompt", "prompts/get", {
      description: `Gets a prompt of the server ${server.name}, filled in.`,
      input: z.object({
        name: z.string().describe("as list_prompts gives it"),
        arguments: z.record(z.string(), z.string()).default({}).describe("its arguments by name"),
      }),
      run: async ({ name, arguments: filled }, context) => {
        const prompt = await ask(`the prompt ${name}`, context, (client, options) =>
          client.getPrompt({ name, arguments: filled }, options),
        );
        return output(toPromptText(prompt));
      },
    }),
  ];
  return [...(offers.resources ? resources() : []), ...(offers.prompts ? prompts() : [])];
}

function argumentWord({
  name,
  required,
}: {
  readonly name: string;
  readonly required?: boolean | undefined;
}) {
  return required === true ? `<${name}>` : `[${name}]`;
}

/** A server with resources need not know of templates. */
function noneWhereUnknown(error: unknown): readonly never[] {
  if (isBoundaryError(error) && error.kind === "upstream_4xx") return [];
  throw error;
}

interface Described {
  readonly name: string;
  readonly title?: string | undefined;
  readonly description?: string | undefined;
  readonly mimeType?: string | undefined;
}

function lineOf(head: string, { name, title, description, mimeType }: Described): string {
  const words = [title ?? name, mimeType, description].filter((word) => word !== undefined);
  return `${head}: ${words.join("; ").replace(/\s+/g, " ")}`;
}
