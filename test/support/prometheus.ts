import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { expect, onTestFinished } from "vitest";

/** A port of this machine that was free a moment ago. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function started(program: string, words: readonly string[]): ChildProcess {
  const child = spawn(program, words, { stdio: "ignore" });
  onTestFinished(async () => {
    if (child.exitCode !== null) return;
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await ended;
  });
  return child;
}

async function ready(address: string): Promise<void> {
  const isReady = async (): Promise<boolean> => {
    try {
      return (await fetch(`${address}/-/ready`)).ok;
    } catch {
      return false;
    }
  };
  await expect.poll(isReady, { timeout: 30_000, interval: 100 }).toBe(true);
}

/** Debian's Alertmanager with a configuration. @returns its address */
export async function startAlertmanager(folder: string, config: string): Promise<string> {
  const at = `127.0.0.1:${await freePort()}`;
  mkdirSync(folder, { recursive: true });
  const path = join(folder, "alertmanager.yml");
  writeFileSync(path, config);
  started("prometheus-alertmanager", [
    `--config.file=${path}`,
    `--storage.path=${join(folder, "data")}`,
    `--web.listen-address=${at}`,
    // Else it looks for others of its kind.
    "--cluster.listen-address=",
  ]);
  await ready(`http://${at}`);
  return at;
}

/** A Prometheus that looks every second. */
export interface Prometheus {
  /** The values that a query has now, with their labels. */
  query(text: string): Promise<readonly PrometheusValue[]>;
  /** What it says of each rule. */
  rules(): Promise<
    readonly { readonly name: string; readonly health: string; readonly lastError?: string }[]
  >;
}

export interface PrometheusValue {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [number, string];
}

/** Debian's Prometheus with rules, targets and an Alertmanager. */
export async function startPrometheus(
  folder: string,
  {
    rules,
    targets,
    alertmanager,
  }: { readonly rules: string; readonly targets: readonly string[]; readonly alertmanager: string },
): Promise<Prometheus> {
  const at = `127.0.0.1:${await freePort()}`;
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "rules.yml"), rules);
  const config = {
    global: { scrape_interval: "1s", evaluation_interval: "1s" },
    rule_files: ["rules.yml"],
    alerting: { alertmanagers: [{ static_configs: [{ targets: [alertmanager] }] }] },
    scrape_configs: [{ job_name: "agent33", static_configs: [{ targets }] }],
  };
  const path = join(folder, "prometheus.yml");
  writeFileSync(path, JSON.stringify(config));
  started("prometheus", [
    `--config.file=${path}`,
    `--storage.tsdb.path=${join(folder, "data")}`,
    `--web.listen-address=${at}`,
  ]);
  await ready(`http://${at}`);
  const asked = async (place: string): Promise<unknown> => {
    const response = await fetch(`http://${at}/api/v1/${place}`);
    return ((await response.json()) as { data: unknown }).data;
  };
  return {
    query: async (text) => {
      const data = (await asked(`query?query=${encodeURIComponent(text)}`)) as {
        result: readonly PrometheusValue[];
      };
      return data.result;
    },
    rules: async () => {
      const data = (await asked("rules")) as {
        groups: readonly { rules: Awaited<ReturnType<Prometheus["rules"]>> }[];
      };
      return data.groups.flatMap((group) => group.rules);
    },
  };
}
