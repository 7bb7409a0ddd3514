import type { Client, McpSubscription, Tool } from "@modelcontextprotocol/client";
import { Agent33Error, toAgent33Error } from "../../base/errors.ts";
import { readToolList, type ToolList, toolPageSchema } from "./tool-list.ts";
import type { ServerTransport } from "./transport.ts";

/** The tools of a server over the life of a session: a server may change them at any time. */
export interface ToolListing {
  latest(): ToolList;
  /**
   * The list as it is now: one that the server has called outdated is listed anew first.
   * @throws what the listing failed with, until one succeeds
   */
  current(): Promise<ToolList>;
  /** The server has said that its tools have changed. */
  refresh(): void;
  /** A tool as the server sent it, where calling it takes that. */
  definitionOf(tool: string): Tool | undefined;
}

/** Against a server whose pages never end. */
const pageLimit = 64;

/** Lists the tools, and again whenever the server says that they have changed. */
export async function createToolListing(
  client: Client,
  transport: ServerTransport,
  timeout: number,
): Promise<ToolListing> {
  // From the 2026 protocol on, a tool may say that arguments go into headers as well.
  const modern = client.getProtocolEra() === "modern";
  let definitions = new Map<string, Tool>();
  const read = async (): Promise<ToolList> => {
    if (client.getServerCapabilities()?.tools === undefined) {
      return { tools: [], notices: ["The server offers no tools."] };
    }
    if (!modern) return readToolList(await pages(client, timeout));
    const { tools } = await client.listTools({}, { timeout, cacheMode: "refresh" });
    definitions = new Map(tools.map((tool) => [tool.name, tool]));
    return readToolList(tools);
  };
  let latest = await read();
  /** Changes are told on a stream that has ended: nobody knows whether the list still holds. */
  let deaf = false;
  const follow = (subscription: McpSubscription | undefined): void => {
    void subscription?.closed.then((how) => {
      deaf = how !== "local";
    });
  };
  const hearAgain = async (): Promise<void> => {
    const listening = client.listen({ toolsListChanged: true }, { timeout });
    const [heard] = await Promise.allSettled([listening]);
    // Where it cannot be opened again, every call asks for the list.
    if (heard.status === "rejected") return;
    deaf = false;
    follow(heard.value);
  };
  follow(client.autoOpenedSubscription);
  let reading: Promise<ToolList> | undefined;
  let outdated = 0;
  const again = async (): Promise<ToolList> => {
    if (deaf) await transport.inCall(undefined, hearAgain);
    // It may change once more while it is listed.
    for (let seen = -1; seen !== outdated; ) {
      seen = outdated;
      latest = await transport.inCall(undefined, read);
    }
    outdated = 0;
    return latest;
  };
  const current = (): Promise<ToolList> => {
    if (outdated === 0 && !deaf) return Promise.resolve(latest);
    reading ??= again().finally(() => {
      reading = undefined;
    });
    return reading;
  };
  return {
    latest: () => latest,
    current,
    refresh: () => {
      outdated += 1;
      // Where it fails, whoever calls a tool next tries again and is told.
      current().catch(toAgent33Error);
    },
    definitionOf: (tool) => definitions.get(tool),
  };
}

async function pages(client: Client, timeout: number): Promise<readonly unknown[]> {
  const raw: unknown[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < pageLimit; page += 1) {
    const params = cursor === undefined ? {} : { cursor };
    const answer = await client.request({ method: "tools/list", params }, toolPageSchema, {
      timeout,
    });
    raw.push(...answer.tools);
    cursor = answer.nextCursor;
    if (cursor === undefined) return raw;
  }
  throw new Agent33Error("mcp.invalid_listing", `Its tools fill more than ${pageLimit} pages.`, {
    hint: "The server's listing most likely never ends. See whether there is a newer version of it.",
  });
}
