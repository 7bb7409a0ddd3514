import { recorded } from "../recorded.ts";
import type { Route } from "../route.ts";
import { agentRoutes } from "./agents.ts";
import { alertRoutes } from "./alerts.ts";
import { alertSilenceRoutes } from "./alert-silences.ts";
import { approvalRoutes } from "./approvals.ts";
import { keyRoutes } from "./keys.ts";
import { agentDefinitionRoutes } from "./agent-definitions.ts";
import { auditRoutes } from "./audit.ts";
import { connectorRoutes } from "./connectors.ts";
import { mcpRoutes } from "./mcp.ts";
import { modelRoutes } from "./models.ts";
import { policyRoutes } from "./policy.ts";
import { runRoutes } from "./runs.ts";
import { settingsRoutes } from "./settings.ts";
import { skillRoutes } from "./skills.ts";

/** Every operation of the API. A group is a file beside this one, and its line here. */
export const allRoutes: readonly Route[] = [
  ...agentRoutes,
  ...runRoutes,
  ...alertSilenceRoutes,
  ...alertRoutes,
  ...approvalRoutes,
  ...keyRoutes,
  ...agentDefinitionRoutes,
  ...auditRoutes,
  ...connectorRoutes,
  ...mcpRoutes,
  ...modelRoutes,
  ...policyRoutes,
  ...settingsRoutes,
  ...skillRoutes,
].map(recorded);
