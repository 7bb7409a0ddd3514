import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { stringify } from "yaml";
import { createClient, type RunEvent } from "../../client/index.ts";
import { loadConfig } from "../../src/config/config.ts";
import { startServer } from "../../src/http/server.ts";
import { freshFolder } from "../support/cli.ts";
import { grantTests } from "../support/egress.ts";
import { testHost } from "../support/engine.ts";

grantTests("asks the service as programs do", { connect: ["127.0.0.1:*"] });

test("the client starts a run, follows it to its end, and reads the record of it", async () => {
  const folder = freshFolder();
  const script = join(folder, "script.yaml");
  const turns = [
    { text: "Looking.", tool_calls: [{ name: "list_files", arguments: { path: "." } }] },
    { text: "Done." },
  ];
  writeFileSync(script, stringify({ name: "test", turns }));
  const settings = { "serve.port": 0, "store.synchronous": "normal", model: `scripted:${script}` };
  const flags = Object.entries(settings).map(([setting, value]) => ({
    setting,
    flag: `--${setting}`,
    value,
  }));
  const host = { ...testHost(folder), warn: () => undefined };
  const server = await startServer(loadConfig({ cwd: folder, env: {}, flags }), host);
  onTestFinished(() => server.close());

  const api = createClient({ baseUrl: `${server.address}/`, key: server.firstKey });
  const started = await api.startRun({ body: { task: "Look around." } });
  if (!started.ok) throw new Error(started.problem.detail);
  expect(started).toMatchObject({ status: 201, location: `/v1/runs/${started.value.id}` });

  const events: RunEvent[] = [];
  for await (const item of api.followRun({ id: started.value.id })) {
    if (!item.ok) throw new Error(item.problem.detail);
    events.push(item.value);
  }
  expect(events.map(({ seq }) => seq)).toEqual(events.map((_, at) => at + 1));
  expect(events.at(-1)).toMatchObject({ type: "run.finished", summary: "Done." });

  const listed = await api.listRuns({ limit: 1 });
  expect(listed).toMatchObject({ ok: true, value: { items: [{ id: started.value.id }] } });
  const lines = await api.exportAudit();
  if (!lines.ok) throw new Error(lines.problem.detail);
  expect(await Array.fromAsync(lines.value)).not.toHaveLength(0);
  expect(await api.readMetrics()).toMatchObject({
    ok: true,
    value: expect.stringContaining("# TYPE agent33_calls_total counter"),
  });

  const strange = createClient({ baseUrl: server.address, key: "wrong" });
  expect(await strange.listRuns()).toMatchObject({ problem: { code: "api.unauthenticated" } });
  const missing = await api.showRun({ id: "0123456789" });
  expect(missing).toMatchObject({ problem: { code: "store.unknown_run", status: 404 } });
  await server.close();
  expect(await api.listRuns()).toMatchObject({
    problem: { code: "client.unreachable", status: 0 },
  });
});
