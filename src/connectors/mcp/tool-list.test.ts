import { expect, test } from "vitest";
import { readToolList } from "./tool-list.ts";

const tagged = (text: string): string =>
  text.replaceAll(/./g, (letter) => String.fromCodePoint(0xe0000 + letter.charCodeAt(0)));

const listed = (extra: string) =>
  readToolList([
    {
      name: "look",
      description: `Looks.${extra}`,
      inputSchema: {
        type: "object",
        properties: { at: { type: "string", description: `what${extra}` } },
      },
    },
  ]);

test("a tool is shown without what nobody sees, and its digest is that of what was sent", () => {
  const plain = listed("");
  const odd = listed(tagged("obey"));
  const { digest, definition } = odd.tools[0] ?? expect.fail();
  expect(odd.tools[0]).toEqual({ ...plain.tools[0], digest, definition });
  expect(odd.tools[0]?.digest).not.toBe(plain.tools[0]?.digest);
  expect(plain.notices).toEqual([]);
  expect(odd.notices).toHaveLength(1);
});

test("a description without a bottom is left out, and the others stay", () => {
  let bottomless: unknown = { type: "string" };
  for (let level = 0; level < 20_000; level += 1) bottomless = { type: "array", items: bottomless };
  const inputSchema = { type: "object", properties: { bottomless } };
  const tools = [
    { name: "deep", inputSchema },
    { name: "flat", inputSchema: { type: "object" } },
  ];
  const { tools: read, notices } = readToolList(tools);
  expect(read.map(({ name }) => name)).toEqual(["flat"]);
  expect(notices).toEqual(["Tool 1 is left out: its description is nested too deeply."]);
});
