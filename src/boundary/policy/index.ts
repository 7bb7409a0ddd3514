export { compilePolicy } from "./compile.ts";
export { explainDecision, explanationText } from "./explain.ts";
export { strictestFor, strictestOf } from "./combine.ts";
export { callFlaw } from "./flaws.ts";
export { loadPacks, readLibrary, selectPacks } from "./load.ts";
export type { CompiledPolicy } from "./policy.ts";
