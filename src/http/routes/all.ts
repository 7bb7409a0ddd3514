import type { Route } from "../route.ts";
import { runRoutes } from "./runs.ts";

/** Every operation of the API. A group is a file beside this one, and its line here. */
export const allRoutes: readonly Route[] = [...runRoutes];
