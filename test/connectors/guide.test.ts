import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { settingsSchema } from "../../src/config/schema.ts";
import { openConnector } from "../../src/connectors/kinds.ts";
import { projectRoot } from "../support/cli.ts";

const page = readFileSync(join(projectRoot, "docs/guides/connectors.md"), "utf8");
const blocks = [...page.matchAll(/^```yaml\n([\s\S]*?)^```$/gm)].map(([, block = ""]) => block);
const settings = blocks.map((block) => settingsSchema.parse(parse(block)));
const connectors = settings.flatMap((one) => Object.entries(one.connectors));

/** What each variable in the guide could hold. */
const secrets: Readonly<Record<string, string>> = {
  DISCORD_WEBHOOK: "https://discord.com/api/webhooks/77/not-a-real-token",
  TELEGRAM_TOKEN: "123456:not-a-real-token",
  DESK_SECRET: `whsec_${Buffer.alloc(32).toString("base64")}`,
};

test("the guide has settings of every kind that it tells of", () => {
  const kinds = connectors.map(([, { kind }]) => kind);
  expect([...new Set(kinds)].toSorted()).toEqual(
    ["discord", "email", "slack", "speech", "telegram", "vision", "webhook"].toSorted(),
  );
});

test("the guide names a model for vectors", () => {
  expect(settings.some(({ embeddings }) => embeddings.model !== undefined)).toBe(true);
});

test.each(connectors)(
  "the guide's settings of %s can be opened, and have their tools",
  (name, given) => {
    const { id, tools, toolsIn } = openConnector(given.kind, given, {
      name,
      secret: (variable) => secrets[variable] ?? "not-a-real-secret",
      now: () => 0,
    });
    const all = [...tools, ...(toolsIn?.({ root: "/nowhere", closed: [] }) ?? [])];
    expect(id).toMatch(new RegExp(`^(messaging|media):${name}$`));
    for (const { tool, spec } of all) {
      expect(spec.id).toBe(id);
      expect(page).toContain(tool.name.replace(/^.*__send$/, "<name>__send"));
    }
    expect(all.length).toBeGreaterThan(0);
  },
);
