import { z } from "zod";

/** A service that knows the weather. */
export const weatherSettings = z.strictObject({
  kind: z.literal("weather"),
  baseUrl: z.url({ protocol: /^https?$/ }).describe("address of the weather service"),
  tokenVariable: z.string().min(1).describe("environment variable with the service's key"),
});
export type WeatherSettings = z.infer<typeof weatherSettings>;
