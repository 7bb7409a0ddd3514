import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { createApiKeys } from "../../src/engine/api-keys.ts";
import { axeFaults } from "../support/axe.ts";
import {
  chromiumPath,
  dashboardWorld,
  type DashboardWorld,
  launchChromium,
  signIn,
  watchedPage,
} from "../support/dashboard.ts";
import { furnish } from "../support/dashboard-runs.ts";
import { testHost } from "../support/engine.ts";
import { testGrant } from "../support/egress.ts";
import { temporaryFolder } from "../support/temporary.ts";

const grant = testGrant("drives a browser over the service's page", {
  connect: ["127.0.0.1:*"],
  spawn: true,
});

describe.runIf(chromiumPath !== undefined)("the dashboard in Chromium (skipped without it)", () => {
  const folder = temporaryFolder("dashboard");
  let world: DashboardWorld;
  let browser: Browser;
  let places: Readonly<Record<string, string>>;
  beforeAll(() =>
    grant.run(async () => {
      world = await dashboardWorld(folder);
      browser = await launchChromium(folder);
      places = await furnish(world);
    }),
  );
  afterAll(async () => {
    await browser?.close();
    await world?.close();
  });

  /** A page whose faults are none at the end of the test. */
  async function opened(options: Parameters<typeof watchedPage>[2] = {}): Promise<Page> {
    const { page, faults } = await watchedPage(browser, world.address, options);
    onTestFinished(async () => {
      await page.context().close();
      expect([...faults, ...world.warnings]).toEqual([]);
    });
    return page;
  }

  const store = () => world.server.engines.own.store;
  const keys = () => createApiKeys({ store: store(), host: testHost(folder) });
  const line = (text: string) => ({
    name: "append_line",
    arguments: { path: "ledger.csv", line: text },
  });
  const inGrant = (work: () => Promise<void>) => () => grant.run(work);

  test(
    "is signed in to with a key, once, and out of",
    inGrant(async () => {
      const page = await opened();
      await signIn(page, world.key);
      await page.getByRole("heading", { name: "Now", exact: true }).waitFor();
      const [cookie] = await page.context().cookies();
      expect(cookie).toMatchObject({
        name: "__Host-agent33",
        httpOnly: true,
        secure: true,
        sameSite: "Strict",
      });
      await page.reload();
      await page.getByRole("heading", { name: "Now", exact: true }).waitFor();
      expect(await page.evaluate("localStorage.length + sessionStorage.length")).toBe(0);
      await page.getByRole("button", { name: "Sign out" }).click();
      await page.getByLabel("API key").waitFor();
      expect(await page.context().cookies()).toEqual([]);
    }),
  );

  test(
    "shows a run as it happens: a question is answered by keyboard, and its end comes by itself",
    inGrant(async () => {
      const run = await world.start("Enter one line.", [
        { text: "I append it.", tool_calls: [line("2026-02-01,5.00")] },
        { text: "It is entered." },
      ]);
      const page = await opened();
      await signIn(page, world.key, `/runs/${run}`);
      await page.getByRole("heading", { name: "Enter one line." }).waitFor();
      await page.getByText("I append it.").waitFor();
      await page.getByText("May this call be made?").waitFor();
      await page.keyboard.press("j");
      expect(await page.locator(":focus").getAttribute("class")).toBe("question");
      await page.keyboard.press("Shift+A");
      await page.getByRole("heading", { name: "Ended: unverified" }).waitFor();
      await page.getByText("It is entered.").first().waitFor();
      await page.getByText("+ 2026-02-01,5.00").waitFor();
      expect(await page.getByText("May this call be made?").count()).toBe(0);
      expect(store().runs.find(run)).toMatchObject({ state: "finished", outcome: "unverified" });
    }),
  );

  test(
    "refuses a call with a note, which the agent hears",
    inGrant(async () => {
      const run = await world.start("Enter another line.", [
        { text: "I append it.", tool_calls: [line("2026-02-02,6.00")] },
        { text: "Then not." },
      ]);
      await world.question(run);
      const page = await opened();
      await signIn(page, world.key, "/approvals");
      const question = page.locator(".question", { hasText: "2026-02-02,6.00" });
      await question.getByLabel("Note to the agent").fill("It was paid in cash.");
      await page.keyboard.press("Tab");
      await page.keyboard.press("Tab");
      expect(await page.locator(":focus").textContent()).toBe("Deny");
      await page.keyboard.press("Enter");
      await question.waitFor({ state: "detached" });
      expect(await world.settled(run)).toBe("unverified");
      const heard = store()
        .runLog.read(run)
        .flatMap((event) => (event.type === "message.user" ? [event.text] : []));
      expect(heard).toContain("It was paid in cash.");
      // It stays with the approval, and is shown with what was decided.
      expect(store().approvals.list()).toContainEqual(
        expect.objectContaining({ state: "denied", runId: run, note: "It was paid in cash." }),
      );
      await page.getByRole("cell", { name: "It was paid in cash." }).waitFor();
    }),
  );

  test(
    "cancels a run",
    inGrant(async () => {
      const run = await world.start("Wait.", [
        { text: "I ask.", tool_calls: [line("2026-02-03,7.00")] },
        { text: "Done." },
      ]);
      await world.question(run);
      const page = await opened();
      await signIn(page, world.key, `/runs/${run}`);
      await page.getByRole("button", { name: "Cancel the run" }).click();
      await page.getByRole("heading", { name: "Ended: cancelled" }).waitFor();
      expect(store().runs.find(run).outcome).toBe("cancelled");
    }),
  );

  test(
    "is gone through by keyboard",
    inGrant(async () => {
      const page = await opened();
      await signIn(page, world.key);
      await page.getByRole("heading", { name: "Now", exact: true }).waitFor();
      await page.reload();
      await page.getByRole("heading", { name: "Now", exact: true }).waitFor();
      await page.keyboard.press("Tab");
      expect(await page.locator(":focus").textContent()).toBe("Skip to the page");
      await page.keyboard.press("Enter");
      expect(await page.locator(":focus").evaluate((element) => element.tagName)).toBe("MAIN");
      await page.keyboard.press("?");
      await page.getByRole("dialog", { name: "Keys" }).waitFor();
      await page.keyboard.press("g");
      await page.keyboard.press("r");
      await page.keyboard.press("Escape");
      await page.getByRole("dialog").waitFor({ state: "detached" });
      expect(new URL(page.url()).pathname).toBe("/");
      await page.keyboard.press("g");
      await page.keyboard.press("r");
      await page.getByRole("heading", { name: "Runs", exact: true }).waitFor();
      await page.getByText("Add up the ledger").waitFor();
      await page.keyboard.press("/");
      await page.keyboard.type("MARCH g n");
      await page.keyboard.press("Control+A");
      await page.keyboard.type("march");
      await page.keyboard.press("Enter");
      await page.getByText("Add up the ledger").waitFor({ state: "detached" });
      expect(new URL(page.url()).search).toBe("?text=march");
      await page.getByLabel("State").focus();
      await page.keyboard.press("Tab");
      await page.locator("h1").click();
      await page.keyboard.press("j");
      await page.keyboard.press("Enter");
      await page.getByRole("heading", { name: "Reconcile the March statements" }).waitFor();
    }),
  );

  test(
    "asks for a key again when the one that it was opened with is revoked",
    inGrant(async () => {
      const { key, secret } = await keys().create({
        name: "page",
        tenant: "default",
        user: "mara",
        scopes: ["runs:read"],
        ttlMs: null,
      });
      const { page, faults } = await watchedPage(browser, world.address);
      await signIn(page, secret, "/approvals");
      await page.getByText("agent33 keys create NAME --scope approvals:read").waitFor();
      expect(await page.getByRole("navigation").getByRole("link").allTextContents()).toEqual([
        "Now",
        "Runs",
      ]);
      await page.keyboard.press("g");
      await page.keyboard.press("n");
      await page.getByRole("heading", { name: "Now", exact: true }).waitFor();
      await keys().revoke(key.id);
      await page.getByText("The session is over. Sign in again.").waitFor();
      await page.context().close();
      // The browser itself says that the server refused, and nothing else went wrong.
      expect(faults.filter((fault) => !fault.includes("401 (Unauthorized)"))).toEqual([]);
    }),
  );

  test(
    "tells of an answer that does not come, and shows it when it comes again",
    inGrant(async () => {
      const page = await opened();
      // The page's own limits, a hundred times faster while it hangs; what they are is asked for below.
      await page.addInitScript(
        "const real = AbortSignal.timeout; globalThis.limits = []; globalThis.divisor = 1;" +
          "AbortSignal.timeout = (ms) => { limits.push(ms); return real.call(AbortSignal, ms / divisor); };",
      );
      await signIn(page, world.key);
      await page.getByRole("heading", { name: "Now", exact: true }).waitFor();
      let isHanging = true;
      // Neither answered nor refused: as on a network that lost the connection without a word.
      await page.route("**/v1/approvals**", (route) =>
        isHanging ? new Promise(() => undefined) : route.continue(),
      );
      await page.evaluate("divisor = 100");
      await page.getByRole("link", { name: "Approvals" }).click();
      const alert = page.getByRole("alert").filter({ hasText: "No answer in time" }).first();
      await alert.waitFor();
      expect(await alert.textContent()).toContain("did not answer within 45 seconds");
      expect(await alert.textContent()).toContain("Check the network");
      isHanging = false;
      await page.evaluate("divisor = 1");
      await alert.getByRole("button", { name: "Try again" }).click();
      await alert.waitFor({ state: "detached" });
      expect(await page.evaluate("limits")).toContain(45_000);
    }),
  );

  test(
    "asks for nothing while nobody sees it",
    inGrant(async () => {
      const page = await opened();
      await signIn(page, world.key, "/approvals");
      await page.getByRole("heading", { name: "Decided" }).waitFor();
      const show = (state: string): Promise<unknown> =>
        page.evaluate(
          `Object.defineProperty(document, "visibilityState", { value: "${state}", configurable: true });` +
            `document.dispatchEvent(new Event("visibilitychange"));`,
        );
      await show("hidden");
      let asked = 0;
      page.on("request", () => void (asked += 1));
      await page.waitForTimeout(2_500);
      expect(asked).toBe(0);
      await show("visible");
      await page.waitForRequest(/approvals/);
    }),
  );

  const looks = [
    ["light", { colorScheme: "light" }],
    ["dark", { colorScheme: "dark" }],
    ["narrow", { colorScheme: "light", viewport: { width: 1040, height: 680 } }],
    ["phone", { colorScheme: "light", viewport: { width: 360, height: 740 } }],
  ] as const;
  test.each(looks)(
    "has no fault that axe finds, and nothing to the side: %s",
    async (name, options) => {
      await grant.run(async () => {
        const page = await opened(options);
        const found: unknown[] = [];
        const look = async (place: string): Promise<void> => {
          await page.locator("[aria-busy=true]").first().waitFor({ state: "detached" });
          // The same page in other places: what axe finds there it finds here.
          const faults = name === "phone" || name === "narrow" ? [] : await axeFaults(page);
          found.push(...faults.map((fault) => `${place}: ${fault}`));
          const over = await page.evaluate("document.documentElement.scrollWidth - innerWidth");
          if (Number(over) > 0) found.push(`${place}: ${String(over)} pixels to the side`);
          // A frame that hides what is too wide keeps the page itself from being so.
          const wide = await page.evaluate(
            "[...document.querySelectorAll('.table')].filter((table) => table.offsetWidth > table.parentElement.clientWidth + 1).length",
          );
          if (Number(wide) > 0)
            found.push(`${place}: ${String(wide)} tables wider than their frame`);
        };
        await page.goto("/");
        await page.getByLabel("API key").waitFor();
        await look("sign-in");
        await signIn(page, world.key);
        for (const [place, path] of Object.entries(places)) {
          await page.goto(path);
          await page.locator("h1").waitFor();
          await look(place);
        }
        expect(found).toEqual([]);
      });
    },
    60_000,
  );
});
