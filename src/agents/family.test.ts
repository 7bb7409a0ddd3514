import { expect, test } from "vitest";
import { type AgentDefinition, defaultAgent } from "./definition.ts";
import { gatherFamily } from "./family.ts";

const agent = (
  name: string,
  agents: readonly string[] = [],
  more: Partial<AgentDefinition> = {},
): AgentDefinition => ({ ...defaultAgent, name, agents: [...agents], ...more });

/** Finds definitions by the words that others use for them. */
const among = (known: Readonly<Record<string, AgentDefinition>>) => (reference: string) => ({
  agent: known[reference] ?? agent("missing"),
  file: `${reference}.yaml`,
});

test("an agent is gathered with all below it, each once, named by version", () => {
  const find = among({
    left: agent("left", ["deep"]),
    right: agent("right", ["deep"]),
    deep: agent("deep"),
  });
  const family = gatherFamily({ agent: agent("lead", ["left", "right"]) }, find);
  expect(family.agent.agents).toEqual(["left@1", "right@1"]);
  expect(family.subAgents.map(({ name }) => name)).toEqual(["deep", "left", "right"]);
  expect(family.files).toEqual(["left.yaml", "deep.yaml", "right.yaml"]);
});

test.each([
  [
    "in a circle",
    "agents.cycle",
    { one: agent("one", ["two"]), two: agent("two", ["one"]) },
    ["one"],
  ],
  [
    "of one name in one list",
    "agents.ambiguous",
    { one: agent("one"), two: agent("one", [], { version: "2" }) },
    ["one", "two"],
  ],
  [
    "that differ under one name and version",
    "agents.ambiguous",
    {
      one: agent("one", ["same"]),
      two: agent("two", ["other"]),
      same: agent("same"),
      other: agent("same", [], { role: "Another." }),
    },
    ["one", "two"],
  ],
])("agents %s are refused", (_what, code, known, names) => {
  expect(() => gatherFamily({ agent: agent("lead", names) }, among(known))).toThrow(
    expect.objectContaining({ code }),
  );
});
