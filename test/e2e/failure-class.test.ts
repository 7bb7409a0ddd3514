import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { stringify } from "yaml";
import { freshFolder, runInProcess } from "../support/cli.ts";

test("the class of a failure stands in the run's log as shown, in its trace and in what is learned of it", async () => {
  const folder = freshFolder();
  const cli = (...words: string[]) => runInProcess(words, folder);
  const turns = [{ tool_calls: [{ name: "no_such_tool", arguments: {} }] }];
  writeFileSync(join(folder, "short.yaml"), stringify({ name: "short", turns }));
  const ran = await cli("run", "Do it.", "--model", "scripted:short.yaml", "--json");
  const { runId } = JSON.parse(ran.stdout.split("\n")[0] ?? "") as { runId: string };

  const shown = (await cli("runs", "show", runId)).stdout;
  expect(shown).toMatch(/boundary\.upstream_4xx \(F-DEP\): The script/);
  expect(shown).toMatch(/not sent · \d+ ms · F-INP\n/);
  expect(shown).toMatch(/failure F-DEP: another system does not answer/);

  const trace = (await cli("runs", "trace", runId)).stdout;
  expect(trace).toMatch(
    /execute_tool no_such_tool.*\n(?: .*\n)*? .*agent33\.failure\.class F-INP\n/,
  );
  expect(trace.match(/agent33\.failure\.class F-DEP\n/g)).toHaveLength(2);

  const listed = await cli("learn", "list", "--json");
  const signals = (
    JSON.parse(listed.stdout) as { items: { summary: string; context: { failure?: string } }[] }
  ).items;
  const classOf = (words: string) =>
    signals.find(({ summary }) => summary.startsWith(words))?.context.failure;
  expect(classOf("A run failed")).toBe("F-DEP");
  expect(classOf("Tool no_such_tool failed")).toBe("F-INP");
});
