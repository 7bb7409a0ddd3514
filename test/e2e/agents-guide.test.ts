import { cpSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { definitionJsonSchema } from "../../src/agents/definition-file.ts";
import { readAgents } from "../../src/agents/library.ts";
import { freshFolder, projectRoot, runInProcess } from "../support/cli.ts";

const guide = readFileSync(join(projectRoot, "docs/guides/agents.md"), "utf8");
const examples = join(projectRoot, "examples/agents");

/** The commands that the guide shows, each with what it says that they print. */
const shown = [...guide.matchAll(/^```console\n([\s\S]*?)^```$/gm)].flatMap((block) =>
  (block[1] ?? "")
    .split(/^\$ /m)
    .slice(1)
    .map((part): [string, string] => {
      const end = part.indexOf("\n");
      return [part.slice(0, end), part.slice(end + 1)];
    }),
);

/** The words of a command line, as a shell takes blanks and single quotes. */
function wordsOf(line: string): readonly string[] {
  return [...line.matchAll(/'([^']*)'|(\S+)/g)].map((match) => match[1] ?? match[2] ?? "");
}

function patternOf(text: string): RegExp {
  const parts = text.split("[…]").map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${parts.join(".*")}$`);
}

test("every command of the guide prints what the guide says", async () => {
  const folder = freshFolder();
  cpSync(examples, join(folder, "agents"), { recursive: true });
  cpSync(join(examples, "turns"), join(folder, "turns"), { recursive: true });
  mkdirSync(join(folder, "work"));
  expect(shown).toHaveLength(4);
  for (const [line, expected] of shown) {
    const [program, ...words] = wordsOf(line);
    expect(program).toBe("agent33");
    const { code, stdout, stderr } = await runInProcess(words, folder);
    expect({ line, code, error: code === 0 ? "" : stderr }).toEqual({ line, code: 0, error: "" });
    expect(stdout).toMatch(patternOf(expected));
  }
});

test("the guide names every field of a definition", () => {
  const fields = Object.keys(definitionJsonSchema()["properties"] ?? {});
  const table = guide.slice(guide.indexOf("| field |"), guide.indexOf("Unknown fields"));
  expect(fields.filter((field) => !table.includes(`\`${field}\``))).toEqual([]);
});

test("the definitions of the examples are good", () => {
  const { agents, broken } = readAgents([examples]);
  expect(broken).toEqual([]);
  expect(agents.length).toBeGreaterThan(1);
});

test("the schema for editors is that of the loader (else run: node docs/reference/generate-schemas.ts)", () => {
  const file = readFileSync(join(projectRoot, "docs/reference/agent.schema.json"), "utf8");
  expect(JSON.parse(file)).toEqual(definitionJsonSchema());
});
