import axeCore from "axe-core";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import {
  chromiumPath,
  dashboardWorld,
  type DashboardWorld,
  launchChromium,
  signIn,
  watchedPage,
} from "../support/dashboard.ts";
import { furnish } from "../support/dashboard-runs.ts";
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
      browser = await launchChromium();
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

  const looks = [
    ["light", { colorScheme: "light" }],
    ["dark", { colorScheme: "dark" }],
    ["phone", { colorScheme: "light", viewport: { width: 360, height: 740 } }],
  ] as const;
  test.each(looks)(
    "has no fault that axe finds, and nothing to the side: %s",
    async (_, options) => {
      await grant.run(async () => {
        const page = await opened(options);
        const found: unknown[] = [];
        const look = async (name: string): Promise<void> => {
          await page.waitForLoadState("networkidle");
          await page.locator("[aria-busy=true]").waitFor({ state: "detached" });
          found.push(...(await axeFaults(page)).map((fault) => `${name}: ${fault}`));
          const over = await page.evaluate("document.documentElement.scrollWidth - innerWidth");
          if (Number(over) > 0) found.push(`${name}: ${String(over)} pixels to the side`);
        };
        await page.goto("/");
        await page.getByLabel("API key").waitFor();
        await look("sign-in");
        await signIn(page, world.key);
        for (const [name, path] of Object.entries(places)) {
          await page.goto(path);
          await page.locator("h1").waitFor();
          await look(name);
        }
        expect(found).toEqual([]);
      });
    },
    60_000,
  );
});

/** Faults that axe finds; it is put into the page past its policy, which lets no script in. */
async function axeFaults(page: Page): Promise<readonly string[]> {
  await page.evaluate(axeCore.source);
  return page.evaluate(async () => {
    const { axe } = globalThis as unknown as {
      readonly axe: {
        run(): Promise<{
          readonly violations: readonly {
            readonly id: string;
            readonly nodes: readonly { readonly html: string }[];
          }[];
        }>;
      };
    };
    const { violations } = await axe.run();
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`);
  });
}
