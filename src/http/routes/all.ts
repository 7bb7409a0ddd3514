import { recorded } from "../recorded.ts";
import type { Route } from "../route.ts";
import { agentRoutes } from "./agents.ts";
import { alertRoutes } from "./alerts.ts";
import { alertSilenceRoutes } from "./alert-silences.ts";
import { approvalRoutes } from "./approvals.ts";
import { keyRoutes } from "./keys.ts";
import { agentDefinitionRoutes } from "./agent-definitions.ts";
import { auditRoutes } from "./audit.ts";
import { budgetRoutes } from "./budgets.ts";
import { connectorRoutes } from "./connectors.ts";
import { improvementRoutes } from "./improvements/improvements.ts";
import { mcpRoutes } from "./mcp.ts";
import { evaluationReportRoutes } from "./evaluation-reports.ts";
import { evaluationRoutes } from "./evaluations.ts";
import { gateRoutes } from "./gates.ts";
import { metricsRoutes } from "./metrics.ts";
import { modelRoutes } from "./models.ts";
import { policyChangeRoutes } from "./policy-changes.ts";
import { policyRoutes } from "./policy.ts";
import { routingRoutes } from "./routing.ts";
import { releaseRoutes } from "./releases.ts";
import { retentionRoutes } from "./retention.ts";
import { runRoutes } from "./runs.ts";
import { secretRoutes } from "./secrets.ts";
import { settingsRoutes } from "./settings.ts";
import { skillRoutes } from "./skills.ts";
import { spendRoutes } from "./spend.ts";
import { storeRoutes } from "./store.ts";

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
  ...budgetRoutes,
  ...connectorRoutes,
  ...improvementRoutes,
  ...mcpRoutes,
  ...evaluationRoutes,
  ...evaluationReportRoutes,
  ...gateRoutes,
  ...releaseRoutes,
  ...metricsRoutes,
  ...modelRoutes,
  ...policyRoutes,
  ...secretRoutes,
  ...policyChangeRoutes,
  ...routingRoutes,
  ...settingsRoutes,
  ...retentionRoutes,
  ...skillRoutes,
  ...spendRoutes,
  ...storeRoutes,
].map(recorded);
