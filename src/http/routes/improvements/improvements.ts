import type { Route } from "../../route.ts";
import { checklistRoutes } from "./checklists.ts";
import { intakeRoutes } from "./intakes.ts";
import { learningRoutes } from "./learning.ts";
import { lessonRoutes } from "./lessons.ts";
import { metricRoutes } from "./metrics.ts";
import { refreshRoutes } from "./refreshes.ts";
import { signalRoutes } from "./signals.ts";

/** Learning: what was seen, what is looked into, what was learned, and what is done about it. */
export const improvementRoutes: readonly Route[] = [
  ...signalRoutes,
  ...learningRoutes,
  ...intakeRoutes,
  ...lessonRoutes,
  ...checklistRoutes,
  ...metricRoutes,
  ...refreshRoutes,
];
