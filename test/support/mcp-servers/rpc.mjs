// JSON-RPC over standard streams by hand, so that a test's server can break any rule it likes.
import { createInterface } from "node:readline";

/** Writes one line to stdout, whatever it is. */
export function writeLine(line) {
  process.stdout.write(`${line}\n`);
}

export function answer(id, result) {
  writeLine(JSON.stringify({ jsonrpc: "2.0", id, result }));
}

export function answerError(id, code, message, data) {
  writeLine(JSON.stringify({ jsonrpc: "2.0", id, error: { code, message, data } }));
}

export function textResult(text) {
  return { content: [{ type: "text", text }] };
}

const noArguments = { type: "object", properties: {} };

let asked = 0;
const waiting = new Map();

/** Asks the client; resolves to its result, or to its error as `{ error }`. */
export function ask(method, params) {
  asked += 1;
  const id = `ask-${asked}`;
  writeLine(JSON.stringify({ jsonrpc: "2.0", id, method, params }));
  return new Promise((resolve) => waiting.set(id, resolve));
}

function replied({ id, result, error }) {
  waiting.get(id)?.(result ?? { error });
  waiting.delete(id);
}

/**
 * Serves until stdin ends. `call` gets the name, the arguments and the id of each tools/call;
 * what it returns is the result, and undefined means that it answers by itself or never.
 */
export function serve({ tools = [], call = () => undefined, ...handlers }) {
  const methods = {
    initialize: ({ id, params }) =>
      answer(id, {
        protocolVersion: params.protocolVersion,
        capabilities: { tools: {} },
        serverInfo: { name: "test-server", version: "1.0.0" },
      }),
    "tools/list": ({ id }) =>
      answer(id, { tools: tools.map((tool) => ({ inputSchema: noArguments, ...tool })) }),
    "tools/call": ({ id, params }) => {
      const result = call(params.name, params.arguments ?? {}, id);
      if (result !== undefined) answer(id, result);
    },
    ...handlers,
  };
  const input = createInterface({ input: process.stdin });
  input.on("line", (line) => {
    const message = JSON.parse(line);
    if (message.method === undefined) replied(message);
    else methods[message.method]?.(message);
  });
}
