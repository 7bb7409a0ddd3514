import { z } from "zod";
import { httpSettings } from "./http/settings.ts";
import { searchSettings } from "./search/settings.ts";
import { webSettings } from "./web/settings.ts";

/** The settings of any connector that can be named. Each kind states its own in its folder. */
export const connectorSettings = z.discriminatedUnion("kind", [
  httpSettings,
  webSettings,
  searchSettings,
]);
export type ConnectorSettings = z.infer<typeof connectorSettings>;
