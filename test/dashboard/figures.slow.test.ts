import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { createClient, type Client } from "../../client/index.ts";
import { axeFaults } from "../support/axe.ts";
import {
  chromiumPath,
  dashboardWorld,
  type DashboardWorld,
  launchChromium,
  signIn,
  watchedPage,
} from "../support/dashboard.ts";
import { figureSettings, furnishFigures, given } from "../support/dashboard-figures.ts";
import { testGrant } from "../support/egress.ts";
import { tasksIn } from "../support/tasks.ts";
import { temporaryFolder } from "../support/temporary.ts";

const grant = testGrant("drives a browser over the pages of figures", {
  connect: ["127.0.0.1:*"],
  spawn: true,
});

const compared = new URLSearchParams({
  a: "first",
  b: "first",
  first: "nop · no model (nop)",
  second: "oracle · no model (oracle)",
}).toString();
const places = {
  spend: "/spend",
  routing: "/routing",
  signals: "/learning",
  intakes: "/learning?view=intakes",
  lessons: "/learning?view=lessons",
  evaluations: `/evaluations?${compared}`,
  evaluation: "/evaluations/first",
  alerts: "/alerts",
  silences: "/alerts?view=silences",
  rules: "/alerts?view=rules",
  history: "/alerts?view=history",
} as const;

describe.runIf(chromiumPath !== undefined)("the pages of figures in Chromium", () => {
  const folder = temporaryFolder("dashboard-figures");
  const bareFolder = temporaryFolder("dashboard-bare");
  let world: DashboardWorld;
  let bare: DashboardWorld;
  let browser: Browser;
  let api: Client;
  beforeAll(() =>
    grant.run(async () => {
      tasksIn(folder, { one: {}, two: {}, three: {} });
      world = await dashboardWorld(folder, figureSettings(folder, join(folder, "tasks")));
      // The built-in prices get old without anything being done: that alert is all that it would show.
      bare = await dashboardWorld(bareFolder, {
        "alerts.rules": { PriceTableStale: { enabled: false } },
      });
      browser = await launchChromium(bareFolder);
      await furnishFigures(world, 2);
      api = createClient({ baseUrl: world.address, key: world.key });
    }),
  );
  afterAll(async () => {
    await browser?.close();
    await world?.close();
    await bare?.close();
  });

  /** A page that is signed in, whose faults are none at the end of the test. */
  async function opened(
    path: string,
    options: Parameters<typeof watchedPage>[2] = {},
    at: DashboardWorld = world,
    key = at.key,
  ): Promise<Page> {
    const { page, faults } = await watchedPage(browser, at.address, options);
    onTestFinished(async () => {
      await page.context().close();
      expect([...faults, ...at.warnings]).toEqual([]);
    });
    await signIn(page, key, path);
    return page;
  }

  const inGrant = (work: () => Promise<void>) => () => grant.run(work);

  const looks = [
    ["light", { colorScheme: "light" }],
    ["dark", { colorScheme: "dark", viewport: { width: 1000, height: 700 } }],
    ["phone", { colorScheme: "light", viewport: { width: 360, height: 740 } }],
  ] as const;
  test.each(looks)(
    "have no fault that axe finds, and nothing to the side, with figures and (phone) without: %s",
    async (look, options) => {
      await grant.run(async () => {
        const found: unknown[] = [];
        for (const at of look === "phone" ? [world, bare] : [world]) {
          const page = await opened("/", options, at);
          for (const [name, path] of Object.entries(places)) {
            if (at === bare && ["evaluation", "rules", "history"].includes(name)) continue;
            await page.goto(at === bare ? path.replace(compared, "") : path);
            await page.locator("h1").waitFor();
            await settled(page);
            found.push(...(await axeFaults(page)).map((fault) => `${name}: ${fault}`));
            const over = await page.evaluate("document.documentElement.scrollWidth - innerWidth");
            const wide = await page.evaluate(
              "[...document.querySelectorAll('table')].filter((one) => one.getBoundingClientRect().right > innerWidth).length",
            );
            if (Number(wide) > 0) found.push(`${name}: ${String(wide)} tables that leave the page`);
            if (Number(over) > 0) found.push(`${name}: ${String(over)} pixels to the side`);
            if (
              at === bare &&
              !/agent33|budgets/.test(await page.locator(".empty").first().innerText())
            )
              found.push(`${name}: an empty page that says no command`);
          }
        }
        expect(found).toEqual([]);
      });
    },
    60_000,
  );

  test(
    "money on the page is the ledger's, the metrics' and the API's, to the last digit",
    inGrant(async () => {
      const page = await opened("/spend?span=all");
      const ledger = sum(world.server.engines.own.store);
      expect(ledger).toMatchObject({ costMicroUsd: expect.any(Number), unpricedCalls: 2 });
      expect(ledger.costMicroUsd).toBeGreaterThan(1_000);
      await expect
        .poll(async () => money(await page.locator("[data-figure=spent]").innerText()))
        .toBe(ledger.costMicroUsd);
      const { totals } = given(await api.showSpend());
      expect(totals).toEqual(ledger);
      const text = given(await api.readMetrics());
      expect(metric(text, "agent33_tenant_cost_micro_usd_total")).toBe(ledger.costMicroUsd);
      expect(metric(text, "agent33_cost_micro_usd_total")).toBe(ledger.costMicroUsd);

      for (const by of ["Model", "Tenant", "Effort", "Outcome", "Connector"]) {
        const choice = page.getByRole("group", { name: "Put together by" });
        await choice.getByRole("button", { name: by }).click();
        const table = page.getByRole("table", { name: `Spend by ${by.toLowerCase()}` });
        await table.waitFor();
        const cells = await table.locator("td[data-title=Cost]").allInnerTexts();
        expect(
          cells.map(money).reduce((all, one) => all + one, 0),
          by,
        ).toBe(ledger.costMicroUsd);
      }
      await page.locator("details summary", { hasText: "As a table" }).click();
      const steps = page.locator(".time-series tbody td.is-number");
      const drawn = (await steps.allInnerTexts()).map(money);
      expect(drawn.reduce((all, one) => all + one, 0)).toBe(ledger.costMicroUsd);
    }),
  );

  test(
    "spend is narrowed to a model from its row, and wide again",
    inGrant(async () => {
      const page = await opened("/spend?span=all");
      const all = await page.locator("[data-figure=spent]").innerText();
      await page.getByRole("button", { name: "scripted:small-writer" }).click();
      const { totals } = given(await api.showSpend({ model: "scripted:small-writer" }));
      await expect
        .poll(async () => money(await page.locator("[data-figure=spent]").innerText()))
        .toBe(totals.costMicroUsd);
      expect(totals.costMicroUsd).toBeLessThan(money(all));
      await page.getByRole("button", { name: /take away/ }).click();
      await expect.poll(() => page.locator("[data-figure=spent]").innerText()).toBe(all);
    }),
  );

  test(
    "budgets show what is used of each limit",
    inGrant(async () => {
      const page = await opened("/spend");
      const { items } = given(await api.listBudgets());
      const used = items.find(({ name }) => name === "team-month")?.uses[0]?.used.costMicroUsd ?? 0;
      const meter = page.getByRole("meter", { name: /^team-month/ });
      await meter.waitFor();
      expect(money(await meter.getAttribute("aria-valuetext"))).toBe(used);
      expect(Number(await meter.getAttribute("aria-valuenow"))).toBe(
        Math.round((used / 2_000_000) * 100),
      );
    }),
  );

  test(
    "routing tells tiers and who decided, and what a task would be given, without a run",
    inGrant(async () => {
      const page = await opened("/routing");
      const rows = page.getByRole("table", { name: "Routing decisions" }).locator("tbody tr");
      await expect.poll(() => rows.count()).toBe(5);
      await page.getByLabel("Who decided").selectOption("domain");
      await expect.poll(() => rows.count()).toBe(1);
      expect(await rows.innerText()).toMatch(/by domain[\s\S]+domain law[\s\S]+high/);
      await page.getByText("What would a task be given?").click();
      await page.getByLabel("Task", { exact: true }).fill("Add two numbers.");
      await page.keyboard.press("Enter");
      await expect.poll(() => page.locator(".answer").innerText()).toMatch(/low by classifier/);
      expect(given(await api.listRuns()).items).toHaveLength(5);
    }),
  );

  test(
    "a signal is acknowledged with the keyboard, for a reason, and an intake goes its way",
    inGrant(async () => {
      const page = await opened("/learning?severity=high&type=feedback");
      await page.locator("[data-step]").first().waitFor();
      await page.keyboard.press("j");
      await page.keyboard.press("Tab");
      while ((await focused(page)) !== "Acknowledge") await page.keyboard.press("Tab");
      await page.keyboard.press("Enter");
      // Without a reason nothing is sent.
      await page.keyboard.press("Enter");
      await page.keyboard.type("I ask finance.");
      await page.keyboard.press("Enter");
      await page.getByText("acknowledged by local: I ask finance.").waitFor();
      const [signal] = given(await api.listSignals({ severity: "high", type: "feedback" })).items;
      expect(signal).toMatchObject({ state: "acknowledged", stateReason: "I ask finance." });

      await page.goto("/learning?view=intakes&urgency=high");
      const title = "Where the agents' data comes from";
      const record = page.locator(".record", { hasText: title });
      for (const [act, state] of [
        ["Analyse", "analyzing"],
        ["Accept", "accepted"],
        ["Track", "tracked"],
      ] as const) {
        await record.getByRole("button", { name: `${act}: ${title}` }).click();
        await record.getByRole("button", { name: act, exact: true }).click();
        await record.locator(".badge", { hasText: state }).waitFor();
      }
      expect(await record.getByRole("button").count()).toBe(0);
    }),
  );

  test(
    "who may only look sees no button, and a page that their key does not reach says how to get it",
    inGrant(async () => {
      const made = await api.createKey({
        body: { name: "looks", scopes: ["learning:read", "runs:read"] },
      });
      const page = await opened("/learning", {}, world, given(made).secret);
      await page.locator("[data-step]").first().waitFor();
      expect(await page.getByRole("button", { name: /Dismiss|Acknowledge|Make/ }).count()).toBe(0);
      await page.goto("/spend");
      await page.getByText("agent33 keys create NAME --scope spend:read").waitFor();
    }),
  );

  test(
    "a job shows its trials, its conditions, what they differ by, and its report",
    inGrant(async () => {
      const page = await opened("/evaluations");
      await page.getByRole("link", { name: "first" }).click();
      const trials = page.getByRole("table", { name: "Trials" }).locator("tbody tr");
      await expect.poll(() => trials.count()).toBe(12);
      expect(await trials.getByText("passed").count()).toBe(6);
      const report = page.getByRole("link", { name: "Markdown" });
      const text = await page.request.get((await report.getAttribute("href")) ?? "");
      expect(await text.text()).toContain("oracle");
      await page.getByRole("link", { name: "compare its conditions" }).click();
      const [first, second] = ["nop · no model (nop)", "oracle · no model (oracle)"];
      await page
        .getByRole("group", { name: "The first" })
        .getByLabel("Condition")
        .selectOption(first);
      await page
        .getByRole("group", { name: "The second" })
        .getByLabel("Condition")
        .selectOption(second);
      await page.locator(".verdict").waitFor();
      expect(await page.locator(".verdict").innerText()).toContain("+100.0 pp");
      const pairs = page.getByRole("table", { name: "Tasks of both" }).locator("tbody tr");
      expect(await pairs.allInnerTexts()).toHaveLength(3);
    }),
  );

  test(
    "an alert is taken on with a note, given back, silenced for a time, and told again",
    inGrant(async () => {
      const page = await opened("/alerts?state=firing");
      const record = page.locator(".record", { hasText: "UnpricedModelCalls" });
      await record.getByRole("button", { name: /^Acknowledge/ }).click();
      await page.keyboard.type("I ask for its price.");
      await page.keyboard.press("Enter");
      await record.getByText("local has it since").waitFor();
      const firing = async () => given(await api.listAlerts({ state: "firing" })).items[0];
      expect((await firing())?.acknowledged?.note).toBe("I ask for its price.");
      await record.getByRole("button", { name: /^Give back/ }).click();
      await record.getByRole("button", { name: /^Acknowledge/ }).waitFor();
      expect((await firing())?.acknowledged).toBe(null);

      await record.getByText("Silence", { exact: true }).click();
      await record.getByRole("button", { name: "Silence it" }).click();
      expect(given(await api.listAlertSilences()).items).toEqual([]);
      await record.getByLabel("Why").fill("The price comes on Monday.");
      await record.getByRole("button", { name: "Silence it" }).click();
      await record.getByText("silenced by local").waitFor();
      const [silence] = given(await api.listAlertSilences()).items;
      expect(silence?.matchers).toMatchObject({ rule: "UnpricedModelCalls" });
      await page.getByRole("button", { name: "Silences" }).click();
      await page.getByRole("button", { name: /^End it now/ }).click();
      await page.getByText("Nothing is silenced").waitFor();
      await page.getByRole("button", { name: "History" }).click();
      const table = page.getByRole("table", { name: "What became of alerts" });
      await table.getByText("acknowledged", { exact: true }).first().waitFor();
      await page.getByRole("button", { name: "Rules" }).click();
      const rules = page.getByRole("table", { name: "Rules" }).locator("tbody tr");
      const { items } = given(await api.listAlertRules());
      expect(await rules.allInnerTexts()).toHaveLength(items.length);
    }),
  );

  test(
    "in a slow network there is something to see at once, and figures stay when it fails",
    inGrant(async () => {
      const { page } = await watchedPage(browser, world.address);
      onTestFinished(() => page.context().close());
      await signIn(page, world.key);
      const network = await page.context().newCDPSession(page);
      await network.send("Network.enable");
      await network.send("Network.emulateNetworkConditions", {
        offline: false,
        latency: 300,
        downloadThroughput: 50_000,
        uploadThroughput: 20_000,
      });
      await page.getByRole("link", { name: "Spend" }).click();
      await page.locator("[aria-busy=true]").first().waitFor();
      const spent = page.locator("[data-figure=spent]");
      await spent.waitFor({ timeout: 20_000 });
      const before = await spent.innerText();
      await page.route("**/v1/**", (route) => route.abort());
      await page.getByText("Not reachable").first().waitFor({ timeout: 20_000 });
      expect(await spent.innerText()).toBe(before);
    }),
    60_000,
  );
});

/** Waits until all that the page asks for is there. */
async function settled(page: Page): Promise<void> {
  await page.waitForLoadState("networkidle");
  await page.locator("[aria-busy=true]").first().waitFor({ state: "detached" });
}

/** What stands in what has the focus. */
function focused(page: Page): Promise<string> {
  return page.evaluate("document.activeElement?.textContent ?? ''");
}

/** The amount that a text begins with, in micro-USD: digit by digit, not by fractions. */
function money(text: string | null): number {
  const [, whole = "", parts = ""] = /^\$([\d,]+)\.(\d+)/.exec(text ?? "") ?? [];
  if (whole === "") throw new Error(`There is no amount in "${text ?? ""}".`);
  return Number(whole.replaceAll(",", "")) * 1_000_000 + Number(parts.padEnd(6, "0"));
}

function metric(text: string, name: string): number {
  return text
    .split("\n")
    .filter((line) => line.startsWith(`${name}{`))
    .reduce((all, line) => all + Number(line.split(" ").at(-1)), 0);
}

/** The sum of the audit, row by row. */
function sum({ audit }: DashboardWorld["server"]["engines"]["own"]["store"]) {
  const sums = { calls: 0, costMicroUsd: 0, tokens: 0, unpricedCalls: 0 };
  let cursor: string | null = null;
  do {
    const page = audit.list({ limit: 5, ...(cursor === null ? {} : { cursor }) });
    for (const { record, state } of page.items) {
      const spend = record["spend"] as { costMicroUsd?: number; tokens?: number } | undefined;
      if (state !== "closed") continue;
      sums.calls += 1;
      sums.costMicroUsd += spend?.costMicroUsd ?? 0;
      sums.tokens += spend?.tokens ?? 0;
      if ((spend?.tokens ?? 0) > 0 && spend?.costMicroUsd === undefined) sums.unpricedCalls += 1;
    }
    cursor = page.nextCursor;
  } while (cursor !== null);
  return sums;
}
