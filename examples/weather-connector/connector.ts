import { z } from "zod";
import type { CallContext, ConnectorSpec } from "../../src/boundary/types.ts";
import { operationTool } from "../../src/connectors/governed-tool.ts";
import { networkError } from "../../src/connectors/http/errors.ts";
import { exchangeJson } from "../../src/connectors/http/exchange.ts";
import { urlFacts } from "../../src/connectors/http/url-facts.ts";
import type { ConnectorKind } from "../../src/connectors/kind.ts";
import type { ToolOutput } from "../../src/tools/tool.ts";
import { type WeatherSettings, weatherSettings } from "./settings.ts";

const input = z.strictObject({ city: z.string().min(1).describe("The city, in English.") });
const forecast = z.object({ celsius: z.number(), sky: z.string() });

export const weatherKind: ConnectorKind<WeatherSettings> = {
  kind: "weather",
  surface: "http",
  summary: "forecasts of a weather service",
  settings: weatherSettings,
  open: ({ baseUrl, tokenVariable }, { name, secret, now }) => {
    const id = `http:${name}`;
    const headers = { authorization: `Bearer ${secret(tokenVariable)}` };
    const ask = (context: CallContext<unknown>, city: string) => {
      const url = `${baseUrl}/forecast?city=${encodeURIComponent(city)}`;
      const hint = () => `Check what ${tokenVariable} holds.`;
      return exchangeJson(
        context,
        { who: "The weather", url, headers, answer: forecast, hint },
        now,
      );
    };
    const mapError = (error: unknown) => networkError("the weather", error);
    const facts = { effect: "read", repeat: "safe", ...urlFacts(baseUrl) } as const;
    const operation: ConnectorSpec<z.output<typeof input>, ToolOutput> = {
      id,
      facts: () => ({ operation: "forecast", ...facts }),
      run: async (context) => {
        const { celsius, sky } = await ask(context, context.input.city);
        return { content: `${celsius} °C, ${sky}`, isError: false };
      },
      mapError,
    };
    const check: ConnectorSpec<undefined, string> = {
      id,
      facts: () => ({ operation: "check", ...facts }),
      run: async (context) => `${(await ask(context, "Oslo")).celsius} °C in Oslo`,
      mapError,
      maxAttempts: 1,
    };
    const description = "The weather of tomorrow in a city.";
    const face = { name: `${name}__forecast`, description, input } as const;
    const tool = operationTool({ ...face, effect: "read", repeat: "safe", operation });
    const calls = [{ operation: "forecast", ...facts }];
    return { id, tools: [tool], calls, check };
  },
};
