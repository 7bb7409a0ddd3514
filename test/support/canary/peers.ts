import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import {
  type Behaviour,
  type OpenAiServer,
  type RecordedRequest,
  startOpenAiServer,
} from "../openai-server.ts";

/** Whoever AGENT-33 talks to, and what each of them got. */
export interface Peers {
  readonly model: OpenAiServer;
  /** Where the approvals' webhook and a message go. */
  readonly hook: Received;
  readonly collector: Received;
  close(): Promise<void>;
}

export interface Received {
  readonly url: string;
  readonly bodies: readonly string[];
}

/** @param spoken what the model says and does with */
export async function startPeers(spoken: string): Promise<Peers> {
  const servers: Server[] = [];
  const receiver = async (path: string, answer: string): Promise<Received> => {
    const bodies: string[] = [];
    const server = createServer((request, response) => {
      void text(request).then((body) => {
        bodies.push(`${request.url}\n${body}`);
        response.writeHead(200, { "content-type": "application/json" }).end(answer);
      });
    });
    server.listen(0, "127.0.0.1");
    await new Promise((done) => server.once("listening", done));
    servers.push(server);
    const { port } = server.address() as AddressInfo;
    return { url: `http://127.0.0.1:${port}${path}`, bodies };
  };
  const model = await startOpenAiServer((request) => turnFor(request, spoken));
  return {
    model,
    hook: await receiver("/hook", JSON.stringify({ said: spoken })),
    collector: await receiver("/v1/traces", "{}"),
    close: async () => {
      for (const server of servers) {
        server.closeAllConnections();
        await new Promise((done) => server.close(done));
      }
      await model.close();
    },
  };
}

/** Which tools the model calls, one a turn, before it says its last. */
const order = ["tell", "fail", "structure", "break", "repeat", "run_command", "append_line"];

function turnFor({ body }: RecordedRequest, spoken: string): Behaviour {
  const said = JSON.stringify(body.messages);
  if (said.includes("the model fails")) {
    return { kind: "status", status: 400, message: `not with ${spoken}`, code: "odd" };
  }
  if (said.includes("the stream fails")) return { kind: "error_event", message: spoken };
  const tools = (body["tools"] ?? []) as readonly {
    readonly function: { readonly name: string };
  }[];
  const names = tools.map((tool) => tool.function.name);
  const done = body.messages.filter(({ role }) => role === "assistant").length;
  const calls = order.flatMap((wanted) => {
    const name = names.find((one) => one === wanted || one.endsWith(`_${wanted}`));
    return name === undefined ? [] : [{ wanted, name }];
  });
  const call = calls[done];
  if (call === undefined) return { kind: "turn", reasoning: spoken, text: `Done: ${spoken}` };
  const { wanted, name } = call;
  const given = {
    run_command: { command: "cat notes.txt; env; cat notes.txt >&2; exit 3" },
    append_line: { path: "more.txt", line: "one more line" },
    repeat: { said: spoken, [spoken.slice(0, 40)]: 1 },
  }[wanted];
  const argumentsText = JSON.stringify(given ?? {});
  const text = `Now ${spoken}`;
  return { kind: "turn", text, toolCalls: [{ id: `call-${done}`, name, argumentsText }] };
}
