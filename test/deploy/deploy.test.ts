import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv } from "ajv";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { boards } from "../../deploy/grafana/boards/all.ts";
import { dashboardOf, fileOf } from "../../deploy/grafana/build.ts";
import { labelBounds, metrics } from "../../src/observability/metrics/definitions.ts";
import { testGrant } from "../support/egress.ts";
import { temporaryFolder } from "../support/temporary.ts";

const grant = testGrant("asks Prometheus' own tool", { spawn: true });
const deploy = join(import.meta.dirname, "../../deploy");
const read = (name: string): string => readFileSync(join(deploy, name), "utf8");
const queries = boards.flatMap(({ uid, rows }) =>
  rows.flatMap(({ charts }) =>
    charts.flatMap(({ title, queries: own }) => own.map(({ expr }) => ({ uid, title, expr }))),
  ),
);

describe("the dashboards", () => {
  test("lie there as the code makes them: node deploy/grafana/generate.ts", () => {
    const files = readdirSync(join(deploy, "grafana/dashboards"));
    expect(files.toSorted()).toEqual(boards.map(({ uid }) => `${uid}.json`).toSorted());
    for (const board of boards) {
      const { name, text } = fileOf(board);
      expect(read(`grafana/dashboards/${name}`), name).toBe(text);
    }
  });

  test("name a source of data everywhere, say what each panel is, and give each an id of its own", () => {
    for (const board of boards) {
      const panels = dashboardOf(board).panels ?? [];
      const ids = panels.map(({ id }) => id);
      expect(new Set(ids).size).toBe(ids.length);
      for (const panel of panels) {
        if (panel.type === "row" || !("targets" in panel)) continue;
        expect(panel.datasource?.uid).toBe("$datasource");
        expect(panel.description, panel.title ?? "").not.toBe("");
        for (const target of panel.targets ?? []) {
          expect((target as { datasource?: { uid?: string } }).datasource?.uid).toBe("$datasource");
        }
      }
    }
  });

  test("ask for metrics that there are", () => {
    const known = new Set([
      ...Object.keys(metrics),
      ...Object.entries(metrics).flatMap(([name, { type }]) =>
        type === "histogram" ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [],
      ),
    ]);
    for (const { expr, title } of queries) {
      const named = (expr.match(/\b(?:agent33|gen_ai)_[a-z0-9_]+\b/g) ?? []).filter(
        (name) => !(name in labelBounds),
      );
      for (const name of named) expect(known.has(name), `${title}: ${name}`).toBe(true);
    }
    // Every metric has a panel, but for what another one says better, and what alerts ask about.
    const shown = queries.map(({ expr }) => expr).join("\n");
    const silent = Object.keys(metrics).filter((name) => !shown.includes(name));
    expect(silent).toEqual([
      "agent33_store_recovered_timestamp_seconds",
      "agent33_tenant_budget_micro_usd",
      "agent33_budget_reached_percent",
      "agent33_run_cost_highest_micro_usd",
      "agent33_run_cost_usual_micro_usd",
      "agent33_run_estimate_ratio_median",
      "agent33_routing_enabled",
      "agent33_alert_notices_waiting_seconds",
    ]);
  });

  test("have expressions that Prometheus' own tool takes", () => {
    const rules = queries.map(({ expr }, place) => ({
      record: `dashboard:${place}`,
      expr: expr
        .replaceAll("$__rate_interval", "1m")
        .replaceAll("$__range", "6h")
        .replaceAll("$tenant", ".*"),
    }));
    const path = join(temporaryFolder("rules"), "rules.yml");
    writeFileSync(path, JSON.stringify({ groups: [{ name: "dashboards", rules }] }));
    const said = grant.run(() =>
      execFileSync("promtool", ["check", "rules", path], { encoding: "utf8" }),
    );
    expect(said).toContain(`SUCCESS: ${queries.length} rules found`);
  });
});

interface Service {
  readonly image?: string;
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly secrets?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly healthcheck?: object;
}
interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: object;
  readonly secrets: Readonly<Record<string, { readonly file: string }>>;
}

describe("the compose file", () => {
  const compose = parse(read("compose.yaml"), { merge: true }) as Compose;
  const services = Object.entries(compose.services);

  test("holds to the schema of the Compose Specification", () => {
    const path = join(import.meta.dirname, "../fixtures/compose-spec/compose-spec.json");
    const { $schema: _dialect, ...schema } = JSON.parse(readFileSync(path, "utf8")) as object & {
      $schema: string;
    };
    const valid = new Ajv({ strict: false, validateFormats: false }).compile(schema);
    const { "x-kept-small": _shared, ...rest } = compose as Compose & { "x-kept-small": object };
    expect(valid(rest), JSON.stringify(valid.errors)).toBe(true);
    // So that the schema is seen to refuse something.
    expect(valid({ services: { engine: { prots: [] } } })).toBe(false);
  });

  test("publishes ports on this machine alone, pins images, and looks at the health of each service", () => {
    expect(services.map(([name]) => name).toSorted()).toEqual([
      "alertmanager",
      "engine",
      "grafana",
      "postgres",
      "prometheus",
    ]);
    for (const [name, { ports = [], image, healthcheck }] of services) {
      for (const port of ports) expect(port, name).toMatch(/^127\.0\.0\.1:\d+:\d+$/);
      expect(image, name).toMatch(/^[a-z/0-9-]+:(?!latest$)[\w.-]+$/);
      expect(healthcheck, name).toBeDefined();
    }
    expect(compose.services["postgres"]?.ports).toBeUndefined();
  });

  test("has no password in it: each is a file, and each file is one of the secrets", () => {
    const known = Object.keys(compose.secrets);
    for (const [name, { secrets = [], environment = {} }] of services) {
      for (const secret of secrets) expect(known, name).toContain(secret);
      for (const [variable, value] of Object.entries(environment)) {
        if (!/PASSWORD|KEY|TOKEN|SECRET/.test(variable)) continue;
        expect(variable).toMatch(/_FILE$/);
        expect(secrets).toContain(value.replace("/run/secrets/", ""));
      }
    }
    for (const { file } of Object.values(compose.secrets)) expect(file).toMatch(/^\.\/secrets\//);
    expect(read("secrets/.gitignore")).toBe("*\n!.gitignore\n");
    expect(readdirSync(join(deploy, "secrets"))).toEqual([".gitignore"]);
  });

  test("mounts what is there", () => {
    const named = Object.keys(compose.volumes);
    for (const [name, { volumes = [] }] of services) {
      for (const volume of volumes) {
        const [source = ""] = volume.split(":");
        if (!source.startsWith(".")) expect(named, name).toContain(source);
        else expect(existsSync(join(deploy, source)), source).toBe(true);
      }
    }
  });

  test("gives Prometheus and Grafana files that they take", () => {
    const path = join(deploy, "prometheus/prometheus.yml");
    const said = grant.run(() =>
      execFileSync("promtool", ["check", "config", "--syntax-only", path], { encoding: "utf8" }),
    );
    expect(said).toContain("SUCCESS");
    const sources = parse(read("grafana/provisioning/datasources/prometheus.yml")) as {
      datasources: { type: string; url: string }[];
    };
    for (const { url } of sources.datasources) {
      expect(Object.keys(compose.services)).toContain(new URL(url).hostname);
    }
    const { providers } = parse(read("grafana/provisioning/dashboards/agent33.yml")) as {
      providers: { options: { path: string } }[];
    };
    const mounts = compose.services["grafana"]?.volumes ?? [];
    expect(mounts).toContain(`./grafana/dashboards:${providers[0]?.options.path}:ro`);
  });
});

describe("the engine's container", () => {
  test("begins with what files hold in place of their names, and says which it cannot read", () => {
    const folder = temporaryFolder("entrypoint");
    writeFileSync(join(folder, "secret"), "s3cret with $signs and 'quotes'\n");
    writeFileSync(join(folder, "agent33"), '#!/bin/sh\necho "$1 $KEY ${KEY__FILE-unset}"\n', {
      mode: 0o755,
    });
    const start = (file: string) =>
      grant.run(() =>
        spawnSync("/bin/sh", [join(deploy, "engine/entrypoint.sh"), "serve"], {
          env: { PATH: `${folder}:/usr/bin:/bin`, KEY__FILE: join(folder, file) },
          encoding: "utf8",
        }),
      );
    expect(start("secret").stdout).toBe("serve s3cret with $signs and 'quotes' unset\n");
    const none = start("none");
    expect(none.status).toBe(78);
    expect(none.stderr).toContain(`KEY__FILE names ${join(folder, "none")}, which cannot be read.`);
  });

  test("is built of files that there are, and that the build is given", () => {
    const ignored = readFileSync(join(deploy, "../.dockerignore"), "utf8").split("\n");
    const given = ignored.filter((line) => line.startsWith("!")).map((line) => line.slice(1));
    const copied = [...read("engine/Dockerfile").matchAll(/^COPY (?!--from)(.+)$/gm)].flatMap(
      ([, words = ""]) => words.split(" ").slice(0, -1),
    );
    expect(copied.length).toBeGreaterThan(8);
    for (const path of copied) {
      expect(existsSync(join(deploy, "..", path)), path).toBe(true);
      expect(
        given.some((one) => path === one || path.startsWith(`${one}/`)),
        path,
      ).toBe(true);
    }
  });

  test("has settings that the engine takes", async () => {
    const { loadConfig } = await import("../../src/config/config.ts");
    const file = join(deploy, "engine/agent33.config.yaml");
    const { settings } = loadConfig({ cwd: deploy, file, env: {}, flags: [] });
    expect(settings.learning.store).toBe("postgres://agent33@postgres/agent33");
    expect(settings.sandbox.driver).toBe("none");
  });
});
