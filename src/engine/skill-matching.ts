import { z } from "zod";
import { Agent33Error } from "../base/errors.ts";
import type { Principal } from "../base/principal.ts";
import type { Boundary } from "../boundary/boundary.ts";
import type { PolicyDecider } from "../boundary/types.ts";
import type { Config } from "../config/config.ts";
import { lockPath, readLock } from "../config/lock.ts";
import { modelConnectorSpec } from "../connectors/models/connector.ts";
import type { Model, ModelTurn } from "../models/model.ts";
import { loadPrices } from "../models/prices.ts";
import { loadTokenCounter } from "../models/tokens.ts";
import type { SkillMatch } from "../skills/matching/match-result.ts";
import type { AskSkills } from "../skills/matching/model-stages.ts";
import type { Asker } from "./asker.ts";
import type { Host } from "./host.ts";
import { matchWith, type SkillMatcherParts } from "./skill-matcher.ts";
import { readSkills } from "./skills.ts";

const requestSchema = z.strictObject({
  task: z.string().refine((task) => task.trim() !== "", "is empty"),
  /** How many are chosen at most. */
  top: z.int().positive(),
  /** The model that is asked; null for none. */
  model: z.string().nullable(),
});

export type SkillMatchRequest = z.infer<typeof requestSchema>;

/** Matches the settings' skills with a task, without a run. */
export interface SkillMatching {
  /**
   * @param by whose calls they are; default: the settings' user
   * @throws BoundaryError where the model cannot be asked, Agent33Error `engine.invalid_match`,
   * `models.*`
   */
  match(request: SkillMatchRequest, by?: Asker): Promise<SkillMatch>;
}

export interface SkillMatchingParts extends SkillMatcherParts {
  readonly config: Config;
  readonly host: Host;
  readonly boundary: Boundary;
  readonly policy: () => PolicyDecider;
  readonly model: (spec: {
    readonly model: string;
    readonly baseUrl: string | null;
  }) => Promise<Model>;
}

/** Output that a choice among twenty skills, with a sentence on each, does not need. */
const maxOutputTokens = 4_000;

export function createSkillMatching(parts: SkillMatchingParts): SkillMatching {
  const { config, host, boundary } = parts;
  const { settings } = config;
  const asking = async (name: string, principal: Principal): Promise<AskSkills> => {
    const { clock } = host;
    const model = await parts.model({ model: name, baseUrl: settings.baseUrl ?? null });
    const prices = await loadPrices({ clock, overrides: settings.prices });
    const tokens = await loadTokenCounter();
    const connector = boundary.connector(modelConnectorSpec(model, { prices, tokens, clock }));
    let asked = 0;
    return async (question) => {
      const turn = await connector.call(
        { ...question, tools: [], maxOutputTokens, matching: asked },
        { principal, policy: parts.policy() },
      );
      asked += 1;
      return textOf(turn);
    };
  };

  return {
    match: async (request, by) => {
      const principal = { tenant: settings.tenant, user: settings.user, ...by };
      const { task, top, model } = parsed(request);
      const lock = readLock(lockPath(config, host.cwd));
      const { entries } = await readSkills(settings, host, lock, settings.tenant);
      const skills = entries.flatMap(({ skill, status }) =>
        status === "enabled" && skill.modelMayLoad ? [skill] : [],
      );
      return matchWith(parts, skills, {
        task,
        top,
        ...(model === null ? {} : { ask: await asking(model, principal) }),
        call: { principal, policy: parts.policy() },
      });
    },
  };
}

/** A program may be written without types. */
function parsed(request: SkillMatchRequest): SkillMatchRequest {
  const read = requestSchema.safeParse(request);
  if (read.success) return read.data;
  const problems = read.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
  throw new Agent33Error(
    "engine.invalid_match",
    `Skills cannot be matched with this: ${problems.join("; ")}.`,
    {
      hint: 'Give { task, top, model }, for example { task: "Fill the form", top: 5, model: null }.',
    },
  );
}

function textOf({ parts }: ModelTurn): string {
  return parts.flatMap((part) => (part.type === "text" ? [part.text] : [])).join("");
}
