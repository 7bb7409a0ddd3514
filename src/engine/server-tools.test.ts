import { expect, test } from "vitest";
import { searchServerTools } from "./server-tools.ts";

const tool = (name: string, description: string) => ({
  name,
  description,
  effect: "read",
  repeat: "safe",
  state: "new" as const,
});

test("tools are found by what they do, two of one name on two servers both", () => {
  const server = (name: string, tools: readonly ReturnType<typeof tool>[]) => ({
    name,
    protocolVersion: "x",
    tools,
    gone: [],
    notices: [],
  });
  const servers = [
    server("mail", [tool("send", "Send a message to a person"), tool("list", "List folders")]),
    server("chat", [tool("send", "Send a message to a channel")]),
  ] as never;
  const { items, searched } = searchServerTools({ servers }, { query: "send message", limit: 5 });
  expect(searched).toBe(3);
  expect(items.map(({ server: of, name }) => `${of} ${name}`).toSorted()).toEqual([
    "chat send",
    "mail send",
  ]);
});
