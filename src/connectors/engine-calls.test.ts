import { expect, test } from "vitest";
import { settingsSchema } from "../config/schema.ts";
import { engineCalls } from "./engine-calls.ts";

const usual = {
  http: { kind: "http", baseUrl: "https://api.example.org" },
  messaging: { kind: "webhook", url: "https://hooks.example.org/x", secretVariable: "HOOK" },
} as const;

test.each(Object.values(engineCalls))(
  "no connector in the settings can have the id %s, and with it its breaker and limits",
  (id) => {
    const [surface = "", name = ""] = id.split(":");
    const connector = usual[surface as keyof typeof usual];
    expect(settingsSchema.safeParse({ connectors: { usual: connector } }).success).toBe(true);
    expect(settingsSchema.safeParse({ connectors: { [name]: connector } }).success).toBe(false);
  },
);
