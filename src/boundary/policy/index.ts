export { type Blocklist, type CompileOptions, compilePolicy } from "./compile.ts";
export {
  type ExplainedKey,
  type ExplainedRule,
  type Explanation,
  explainDecision,
  explanationText,
} from "./explain.ts";
export { type LoadPacksOptions, loadPacks } from "./load.ts";
export type { CompiledPolicy, CompiledRule, PolicyDefault } from "./policy.ts";
export type { LoadedPack, LoadedRule, Match } from "./schema.ts";
