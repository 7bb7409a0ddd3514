import { readFileSync } from "node:fs";
import { z } from "zod";
import { Agent33Error, messageOf } from "../base/errors.ts";
import type { PullRequestPlace } from "./guard-github.ts";

/** What a person may say in place of the environment. */
export interface PlaceOptions {
  readonly apiUrl?: string | undefined;
  readonly repository?: string | undefined;
  readonly pullRequest?: string | undefined;
}

type Environment = Readonly<Record<string, string | undefined>>;

const eventSchema = z.looseObject({
  pull_request: z.looseObject({ number: z.int().positive() }).optional(),
  merge_group: z.looseObject({ head_ref: z.string() }).optional(),
});

/**
 * Which pull request is meant: by options, or as a GitHub Action is told (`GITHUB_API_URL`,
 * `GITHUB_REPOSITORY`, `GITHUB_EVENT_PATH`). Of a merge queue, the one whose group it is.
 * @throws Agent33Error `release.bad_place`, `release.no_pull_request`, `release.bad_event`
 */
export function pullRequestPlace(env: Environment, options: PlaceOptions): PullRequestPlace {
  const apiUrl = options.apiUrl ?? env["GITHUB_API_URL"] ?? "https://api.github.com";
  if (!URL.canParse(apiUrl) || !/^https?:$/.test(new URL(apiUrl).protocol)) {
    throw badPlace(`The API's base URL ${JSON.stringify(apiUrl)} is no http(s) address.`);
  }
  const repository = options.repository ?? env["GITHUB_REPOSITORY"] ?? "";
  if (!/^(?!\.)[\w.-]+\/(?!\.\.?$)[\w.-]+$/.test(repository)) {
    throw badPlace(`The repository ${JSON.stringify(repository)} is not of the form owner/name.`);
  }
  return { apiUrl, repository, number: numberOf(env, options.pullRequest) };
}

function numberOf(env: Environment, given: string | undefined): number {
  if (given !== undefined) {
    if (/^[1-9]\d{0,9}$/.test(given)) return Number(given);
    throw badPlace(`${JSON.stringify(given)} is no number of a pull request.`);
  }
  const path = env["GITHUB_EVENT_PATH"] ?? "";
  if (path === "") {
    throw new Agent33Error("release.no_pull_request", "No pull request was named.", {
      hint: "Give --pull-request N, or run it as an Action, which has GITHUB_EVENT_PATH.",
    });
  }
  const event = readEvent(path);
  const queued = /\/pr-(\d+)-[0-9a-f]+$/.exec(event.merge_group?.head_ref ?? "")?.[1];
  const number = event.pull_request?.number ?? (queued === undefined ? undefined : Number(queued));
  if (number !== undefined) return number;
  throw new Agent33Error(
    "release.no_pull_request",
    `The event in ${path} (${env["GITHUB_EVENT_NAME"] ?? "no name"}) is about no pull request.`,
    { hint: "Run the guard on pull_request and merge_group events." },
  );
}

function readEvent(path: string): z.infer<typeof eventSchema> {
  try {
    return eventSchema.parse(JSON.parse(readFileSync(path, "utf8")));
  } catch (cause) {
    throw new Agent33Error(
      "release.bad_event",
      `The event file ${path} cannot be read: ${messageOf(cause)}`,
      { hint: "GITHUB_EVENT_PATH names the JSON of the event.", cause },
    );
  }
}

function badPlace(message: string): Agent33Error {
  return new Agent33Error("release.bad_place", message, {
    hint: "Give --repository owner/name, --pull-request N, and for Enterprise --api-url https://HOST/api/v3.",
  });
}
