import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { deployedFiles } from "../../deploy/generate.ts";
import { loadConfig } from "../../src/config/config.ts";
import type { Engine } from "../../src/engine.ts";
import { type ApiServer, startServer } from "../../src/http/server.ts";
import { alertRules } from "../../src/observability/alerts/rules.ts";
import { alertReceiver } from "../support/alert-receiver.ts";
import { runInProcess } from "../support/cli.ts";
import { grantTests, loopback } from "../support/egress.ts";
import { testHost } from "../support/engine.ts";
import { startAlertmanager, startPrometheus } from "../support/prometheus.ts";
import { temporaryFolder } from "../support/temporary.ts";

grantTests("Prometheus, Alertmanager and a receiver on this machine", {
  connect: loopback,
  spawn: true,
});

/** The program's server over a folder, with its metrics open to whoever asks on this machine. */
async function served(folder: string, url: string): Promise<ApiServer> {
  const settings = {
    "store.synchronous": "normal",
    "serve.port": 0,
    "serve.metrics": "open",
    // It looks when the test says so.
    "alerts.enabled": false,
    "alerts.budgetUsd": 100,
    "alerts.receivers": { ops: { webhook: url } },
    "alerts.defaultReceivers": ["ops"],
    "alerts.rules": rules,
  };
  const flags = Object.entries(settings).map(([setting, value]) => ({
    setting,
    flag: `--${setting}`,
    value,
  }));
  const config = loadConfig({ cwd: folder, env: {}, flags });
  const server = await startServer(config, testHost(folder));
  // Before whoever asks it, so that it is closed after them.
  onTestFinished(() => server.close());
  return server;
}

/** At once, and only what the test is about. */
const rules = { TenantCostBurnFast: { forMinutes: 0, owner: "night-shift" } };

async function spend({ boundary }: Engine, tenant: string, usd: number): Promise<void> {
  const connector = boundary.connector<number, number, never>({
    id: "model:paid",
    facts: () => ({ operation: "chat", effect: "read", repeat: "safe" }),
    run: async ({ input }) => input,
    measure: (costMicroUsd) => ({ costMicroUsd, tokens: 10 }),
  });
  await connector.call(usd * 1_000_000, { principal: { tenant, user: "u" } });
}

test("a hot tenant goes from the engine's metrics through Prometheus and Alertmanager to a receiver, and the engine alone tells the same", async () => {
  const folder = temporaryFolder("alerts");
  const receiver = await alertReceiver();
  const servers = [await served(folder, receiver.url), await served(folder, receiver.url)];
  const [first, second] = servers.map(({ engines }) => engines.own);
  if (first === undefined || second === undefined) throw new Error("There are no servers.");
  await spend(first, "acme", 0.01);
  await spend(first, "globex", 0.01);

  writeFileSync(
    join(folder, "agent33.config.yaml"),
    JSON.stringify({
      alerts: {
        receivers: { ops: { webhook: receiver.url } },
        defaultReceivers: ["ops"],
        rules,
      },
    }),
  );
  const files = join(folder, "files");
  expect(await runInProcess(["alerts", "export", "--to", files], folder)).toMatchObject({
    code: 0,
  });
  execFileSync("promtool", ["check", "rules", join(files, "rules.yml")]);
  execFileSync("amtool", ["check-config", join(files, "alertmanager.yml")]);
  const sooner = (name: string): string =>
    readFileSync(join(files, name), "utf8")
      .replace("interval: 30s", "interval: 1s")
      .replaceAll(/group_wait: \d+s/g, "group_wait: 1s");

  const alertmanager = await startAlertmanager(join(folder, "am"), sooner("alertmanager.yml"));
  const prometheus = await startPrometheus(join(folder, "prometheus"), {
    rules: sooner("rules.yml"),
    targets: servers.map(({ address }) => new URL(address).host),
    alertmanager,
  });
  const seen = 'agent33_tenant_cost_micro_usd_total{tenant="acme"}';
  await expect
    .poll(async () => (await prometheus.query(seen)).length, { timeout: 30_000, interval: 250 })
    .toBe(2);
  // A sum has to be seen before it grows.
  await expect
    .poll(async () => (await prometheus.query(`count_over_time(${seen}[1m]) > 1`)).length, {
      timeout: 30_000,
      interval: 250,
    })
    .toBe(2);
  await spend(first, "acme", 30);

  const fromAlertmanager = () =>
    receiver.posted.filter(({ body }) => body.receiver === "night-shift");
  await expect.poll(() => fromAlertmanager().length, { timeout: 30_000, interval: 250 }).toBe(1);
  const told = fromAlertmanager()[0]?.body.alerts;
  const labels = { alertname: "TenantCostBurnFast", owner: "night-shift", severity: "page" };
  expect(told).toMatchObject([{ status: "firing", labels: { ...labels, tenant: "acme" } }]);

  // Two processes were scraped: no rule has a partner too many, and money counts once.
  const known = await prometheus.rules();
  expect(known.filter(({ health }) => health !== "ok")).toEqual([]);
  expect(known.map(({ name }) => name)).toEqual(
    expect.arrayContaining(alertRules.map(({ name }) => name)),
  );
  const [hour] = await prometheus.query(
    'tenant:agent33_tenant_cost_micro_usd:increase1h{tenant="acme"}',
  );
  expect(Number(hour?.value[1])).toBeGreaterThan(29e6);
  expect(Number(hour?.value[1])).toBeLessThan(45e6);

  // The engine alone: the same alert in the same form.
  await second.alerts.check();
  const own = receiver.posted.filter(({ body }) => body.receiver === "ops");
  const burning = own.find(({ body }) => body.groupLabels["alertname"] === "TenantCostBurnFast");
  expect(burning?.body).toMatchObject({
    version: fromAlertmanager()[0]?.body.version,
    groupLabels: fromAlertmanager()[0]?.body.groupLabels,
  });
  expect(burning?.body.alerts).toMatchObject([
    {
      labels: told?.[0]?.labels ?? {},
      annotations: { summary: told?.[0]?.annotations["summary"] ?? "" },
    },
  ]);
  const [alert] = first.alerts.list({ state: "firing", rule: "TenantCostBurnFast" }).items;
  first.alerts.acknowledge(alert?.id ?? "", "they test", { user: "mara" });
  const matchers = { tenant: "acme" };
  const endsAt = Date.now() + 60_000;
  second.alerts.silence({ matchers, reason: "they test", endsAt }, { user: "mara" });
  const before = own.length;
  await first.alerts.check();
  expect(receiver.posted.filter(({ body }) => body.receiver === "ops")).toHaveLength(before);
  const details = second.alerts.show(alert?.id ?? "");
  expect(details.alert.acknowledged).toMatchObject({ by: "mara" });
  expect(details.silences).toHaveLength(1);
}, 120_000);

test("the rules that are shipped pass promtool, each with a case in which it fires and one in which it is quiet", () => {
  const cwd = temporaryFolder("promtool");
  for (const [path, text] of Object.entries(deployedFiles())) {
    mkdirSync(dirname(join(cwd, path)), { recursive: true });
    writeFileSync(join(cwd, path), text);
  }
  const tests = ["prometheus/tests/alerts.yml", "prometheus/tests/alerts-long.yml"];
  execFileSync("promtool", ["check", "rules", "prometheus/rules.yml"], { cwd });
  execFileSync("promtool", ["test", "rules", ...tests], { cwd });
  execFileSync("amtool", ["check-config", "alertmanager/alertmanager.yml"], { cwd });
}, 120_000);
