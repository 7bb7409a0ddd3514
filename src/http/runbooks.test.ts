import { expect, test } from "vitest";
import { testApi } from "../../test/support/api.ts";

test("the page of every alert that is on is served under the path that its rule names, without a key", async () => {
  const api = await testApi();
  const { items } = (await api.ask("GET", "/v1/alerts/rules")).body as {
    items: { name: string; runbook: string }[];
  };
  expect(items.length).toBeGreaterThan(10);
  for (const { runbook } of items) {
    const page = await api.ask("GET", `/${runbook}`, { as: "none" });
    expect(page).toMatchObject({ status: 200 });
    expect(page.text).toContain("## What to do");
  }
});

test.each(["nothing.md", "..%2f..%2fREADME.md", "README", ".", "%00.md"])(
  "there is no page %s",
  async (name) => {
    const api = await testApi();
    expect(await api.ask("GET", `/docs/operations/alerts/${name}`)).toMatchObject({ status: 404 });
  },
);
