import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { Browser } from "playwright-core";
import { createClient } from "../../client/index.ts";
import { demo } from "../../test/support/demo.ts";
import {
  dashboardWorld,
  type DashboardWorld,
  launchChromium,
  signIn,
  watchedPage,
} from "../../test/support/dashboard.ts";
import { figureSettings, furnishFigures } from "../../test/support/dashboard-figures.ts";
import { furnish } from "../../test/support/dashboard-runs.ts";

// Makes the pictures of the dashboard beside this file, of a run of the demo, of some runs of scripts,
// and of an evaluation of the tasks in examples/tasks, in light, dark and on a phone:
// npm run build:dashboard && node docs/screenshots/take.ts [--to FOLDER] [PAGE...]

const looks = {
  light: { colorScheme: "light", viewport: { width: 1040, height: 680 } },
  dark: { colorScheme: "dark", viewport: { width: 1040, height: 680 } },
  phone: { colorScheme: "light", viewport: { width: 360, height: 680 } },
} as const;

const tasks = resolve(import.meta.dirname, "../../examples/tasks");

/** Makes what there is to see. Gives the places of the pages. */
async function furnished(world: DashboardWorld): Promise<Readonly<Record<string, string>>> {
  const task = { kind: "folder", path: demo, environment: "host" } as const;
  const run = await world.start("", [], { task, model: undefined });
  await allowed(world, run);
  const { run: _run, waiting: _waiting, ...places } = await furnish(world);
  await furnishFigures(world, 3);
  const skills = await evaluated(world);
  const sides = { a: skills, b: skills, first: "skills none", second: "skills own" };
  return {
    ...places,
    run: `/runs/${run}`,
    spend: "/spend?span=day",
    routing: "/routing",
    learning: "/learning",
    evaluations: `/evaluations?${new URLSearchParams(await named(world, sides)).toString()}`,
    evaluation: `/evaluations/${skills}`,
    alerts: "/alerts",
  };
}

/** Lets a run make every call that it asks for, to its end. */
async function allowed(world: DashboardWorld, run: string): Promise<void> {
  const api = createClient({ baseUrl: world.address, key: world.key });
  for (;;) {
    const found = await api.showRun({ id: run });
    if (!found.ok) throw new Error(found.problem.detail);
    if (found.value.state === "finished") return;
    const waiting = await api.listApprovals({ state: "pending" });
    if (!waiting.ok) throw new Error(waiting.problem.detail);
    for (const { id } of waiting.value.items) await api.approveCall({ id });
    await new Promise((done) => setTimeout(done, 100));
  }
}

/** A job in which the tasks' scripts are tried with and without their skills. */
async function evaluated({ server }: DashboardWorld): Promise<string> {
  const jobs = await server.engines.jobs();
  const { config } = await jobs.start({
    job: "skills",
    agents: [{ kind: "agent33" }],
    models: ["scripted:{task}/turns.yaml"],
    skills: ["none", "own"],
    trials: 3,
    exclude: ["ledger-reconcile"],
  });
  while ((await jobs.show(config.name)).running) await new Promise((done) => setTimeout(done, 200));
  return config.name;
}

/** Conditions by their whole names, as the page chooses them. */
async function named<T extends { readonly a: string; first: string; second: string }>(
  { address, key }: DashboardWorld,
  sides: T,
): Promise<T> {
  const api = createClient({ baseUrl: address, key });
  const answer = await api.showEvaluationReport({ job: sides.a, format: "json" });
  if (!answer.ok) throw new Error(answer.problem.detail);
  const { suites } = JSON.parse(answer.value) as { readonly suites: readonly { name: string }[] };
  const whole = (words: string): string =>
    suites.find(({ name }) => name.includes(words))?.name ?? words;
  return { ...sides, first: whole(sides.first), second: whole(sides.second) };
}

async function pictures(
  browser: Browser,
  world: DashboardWorld,
  folder: string,
  places: Readonly<Record<string, string>>,
): Promise<void> {
  for (const [look, options] of Object.entries(looks)) {
    const { page, faults } = await watchedPage(browser, world.address, options);
    await signIn(page, world.key);
    for (const [name, path] of Object.entries(places)) {
      await page.goto(path);
      await page.locator("h1").waitFor();
      await page.locator("[aria-busy=true]").first().waitFor({ state: "detached" });
      await page.waitForTimeout(500);
      await page.screenshot({ path: resolve(folder, `${name}-${look}.png`) });
    }
    await page.context().close();
    process.stdout.write(`${look}: ${faults.join("; ") || "no fault"}\n`);
  }
}

async function main(folder: string, only: readonly string[]): Promise<void> {
  const place = mkdtempSync(join(tmpdir(), "agent33-screenshots-"));
  const world = await dashboardWorld(place, figureSettings(place, tasks));
  const browser = await launchChromium(place);
  try {
    const places = Object.entries(await furnished(world)).filter(
      ([name]) => only.length === 0 || only.includes(name),
    );
    await pictures(browser, world, folder, Object.fromEntries(places));
  } finally {
    await browser.close();
    await world.close();
    rmSync(place, { recursive: true, force: true });
  }
}

const words = process.argv.slice(2);
const to = words[0] === "--to" ? words.splice(0, 2)[1] : undefined;
await main(to ?? import.meta.dirname, words);
