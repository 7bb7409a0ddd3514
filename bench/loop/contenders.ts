import { aiGenerate, aiStream } from "./ai.ts";
import { floors } from "./floor.ts";
import { openaiAgents } from "./openai-agents.ts";
import { ourLoops } from "./ours.ts";
import type { LoopContender } from "./workload.ts";

/** All rows, ours first. */
export const contenders: readonly LoopContender[] = [
  ...ourLoops,
  aiGenerate,
  aiStream,
  openaiAgents,
  ...floors,
];
