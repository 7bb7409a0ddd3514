import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import type { JsonValue } from "../../src/base/json.ts";

/**
 * An MCP server over HTTP that outlives those who call it, and counts what they did to it: `look`
 * only reads, `put` sets a key to a value, `ring` does something each time.
 */
export interface EffectsPeer {
  readonly url: string;
  /** Each `put` and `ring` that arrived, as `<tool> <its argument>`. */
  readonly effects: readonly string[];
  close(): Promise<void>;
}

const properties = { what: { type: "string" } };
const tools = ["look", "put", "ring"].map((name) => ({
  name,
  description: `Can ${name} something.`,
  inputSchema: { type: "object", properties, required: ["what"] },
}));

/** What the settings say of its tools. */
export const effectsTools: JsonValue = {
  look: { effect: "read", repeat: "safe" },
  put: { effect: "write", repeat: "keyed" },
  ring: { effect: "write", repeat: "once" },
};

/** What is seen where something is looked at; nothing in particular by default. */
type Look = string | undefined | void;

interface Message {
  readonly id?: number | string;
  readonly method?: string;
  readonly params?: {
    readonly protocolVersion?: string;
    readonly name?: string;
    readonly arguments?: { readonly what?: string };
  };
}

/**
 * @param file where the last value that was put is kept, for checks to read
 * @param onLook told of each look, which is answered after it: with its words, where it has some
 * @param onEffect told of each other call when it has done what it does, and answered after it
 */
export async function startEffectsPeer(
  file: string,
  onLook: (what: string) => Look | Promise<Look> = () => undefined,
  onEffect: (tool: string) => void | Promise<void> = () => undefined,
): Promise<EffectsPeer> {
  const effects: string[] = [];
  type Params = NonNullable<Message["params"]>;
  const call = async ({ name = "", arguments: args = {} }: Params): Promise<JsonValue> => {
    const { what = "" } = args;
    const seen = name === "look" ? await onLook(what) : undefined;
    if (name !== "look") {
      effects.push(`${name} ${what}`);
      if (name === "put") writeFileSync(file, what);
      await onEffect(name);
    }
    return { content: [{ type: "text", text: seen ?? `${name} ${what}: done` }] };
  };
  const answers: Readonly<Record<string, (params: Params) => JsonValue | Promise<JsonValue>>> = {
    initialize: ({ protocolVersion = "" }) => ({
      protocolVersion,
      capabilities: { tools: {} },
      serverInfo: { name: "effects", version: "1" },
    }),
    "tools/list": () => ({ tools }),
    "tools/call": call,
  };
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await text(request);
    const message = (body === "" ? {} : JSON.parse(body)) as Message;
    if (request.method !== "POST") {
      response.writeHead(405).end();
      return;
    }
    if (message.id === undefined) {
      response.writeHead(202).end();
      return;
    }
    const answer = answers[message.method ?? ""];
    const content =
      answer === undefined
        ? { error: { code: -32_601, message: "Method not found" } }
        : { result: await answer(message.params ?? {}) };
    response.writeHead(200, { "content-type": "application/json" });
    response.end(JSON.stringify({ jsonrpc: "2.0", id: message.id, ...content }));
  };
  const server = createServer((request, response) => void serve(request, response));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/mcp`,
    effects,
    close: async () => {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}
