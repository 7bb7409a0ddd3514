export { compilePolicy } from "./compile.ts";
export { explainDecision, explanationText } from "./explain.ts";
export { loadPacks } from "./load.ts";
export type { CompiledPolicy } from "./policy.ts";
