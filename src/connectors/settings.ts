import { z } from "zod";
import { httpSettings } from "./http/settings.ts";

/** The settings of any connector that can be named. Each kind states its own in its folder. */
export const connectorSettings = z.discriminatedUnion("kind", [httpSettings]);
export type ConnectorSettings = z.infer<typeof connectorSettings>;
