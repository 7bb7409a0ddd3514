import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { dashboardWorld, launchChromium, signIn, watchedPage } from "../support/dashboard.ts";
import { furnish } from "../support/dashboard-runs.ts";

// Makes pictures of the dashboard with runs of an example, in light, dark and on a phone:
// node test/dashboard/shots-main.ts FOLDER [PAGE...]

const looks = {
  light: { colorScheme: "light", viewport: { width: 1280, height: 860 } },
  dark: { colorScheme: "dark", viewport: { width: 1280, height: 860 } },
  phone: { colorScheme: "light", viewport: { width: 390, height: 844 } },
} as const;

async function main(folder: string, only: readonly string[]): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const place = mkdtempSync(join(tmpdir(), "agent33-shots-"));
  const world = await dashboardWorld(place);
  const browser = await launchChromium(place);
  try {
    const places: Readonly<Record<string, string>> = { "sign-in": "/", ...(await furnish(world)) };
    for (const [look, options] of Object.entries(looks)) {
      const { page, faults } = await watchedPage(browser, world.address, options);
      for (const [name, path] of Object.entries(places)) {
        if (only.length > 0 && name !== "sign-in" && !only.includes(name)) continue;
        await page.goto(path);
        await page.locator("[aria-busy=true]").first().waitFor({ state: "detached" });
        await page.waitForTimeout(300);
        const file = resolve(folder, `${name}-${look}.png`);
        await page.screenshot({ path: file, fullPage: look === "phone" });
        if (name === "sign-in") await signIn(page, world.key);
      }
      process.stdout.write(`${look}: ${faults.join("; ") || "no fault"}\n`);
    }
  } finally {
    await browser.close();
    await world.close();
    rmSync(place, { recursive: true, force: true });
  }
}

const [, entry = "", folder, ...only] = process.argv;
if (import.meta.url === pathToFileURL(entry).href) {
  await main(folder ?? "docs/guides/dashboard", only);
}
