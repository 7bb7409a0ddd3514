import { expect, test } from "vitest";
import { settingsSchema } from "../config/schema.ts";
import { secretRedactor } from "./redactor.ts";

test("what a server's variable holds is kept out of what is written", () => {
  const settings = settingsSchema.parse({
    mcpServers: { notes: { command: "x", env: { AUTH: "Basic ${NOTES_TOKEN}" } } },
  });
  const redactor = secretRedactor(settings, { NOTES_TOKEN: "sekret-0123456789" });
  expect(redactor.text("sent Basic sekret-0123456789")).not.toContain("sekret");
  expect(redactor.text("it is sekret-0123456789")).not.toContain("sekret");
});
