import type { Board } from "../chart.ts";
import { calls } from "./calls.ts";
import { overview } from "./overview.ts";
import { routing } from "./routing.ts";
import { runs } from "./runs.ts";
import { spend } from "./spend.ts";
import { store } from "./store.ts";

/** Every dashboard that there is. */
export const boards: readonly Board[] = [overview, spend, routing, calls, runs, store];
