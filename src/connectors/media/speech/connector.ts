import { basename } from "node:path";
import { z } from "zod";
import { BoundaryError } from "../../../boundary/errors.ts";
import type { CallFacts, ConnectorSpec } from "../../../boundary/types.ts";
import type { ToolOutput } from "../../../tools/tool.ts";
import { type GovernedTool, operationTool } from "../../governed-tool.ts";
import { readWholeBody } from "../../http/body.ts";
import { exchangeJson, refused } from "../../http/exchange.ts";
import type { ConnectorKind } from "../../kind.ts";
import { fromOutside } from "../../../base/outside.ts";
import {
  checkNewFile,
  fileRefusal,
  readWorkspaceFile,
  type Workspace,
  writeNewFile,
} from "../../workspace/files.ts";
import { measured, type MediaServer, mediaCheck, mediaServer } from "../server.ts";
import { type SpeechSettings, speechSettings } from "./settings.ts";

/** Longest file that OpenAI takes, in bytes. */
const mostFileBytes = 25 * 1024 * 1024;
/** Twice what a slow voice makes of one character in the longest of the formats, wav. */
const bytesPerCharacter = 8 * 1024;
const bytesBeside = 1024 * 1024;
const mostCharacters = 4_096;
/** A long recording takes minutes, in both directions. */
const timeouts = { attemptMs: 180_000, totalMs: 400_000 };

/** Speech to text and text to speech, on files of a run's workspace. */
export const speechKind: ConnectorKind<SpeechSettings> = {
  kind: "speech",
  surface: "media",
  summary: "writes down recordings and reads texts aloud",
  settings: speechSettings,
  open: (settings, parts) => {
    const { transcribeModel, speakModel } = settings;
    const server = mediaServer(settings, parts);
    const id = `media:${parts.name}`;
    const models = [transcribeModel, speakModel].filter((model) => model !== undefined);
    return {
      id,
      tools: [],
      toolsIn: (workspace) => [
        ...(transcribeModel === undefined
          ? []
          : [transcribeTool(parts.name, server, transcribeModel, workspace)]),
        ...(speakModel === undefined
          ? []
          : [speakTool(parts.name, server, { ...settings, model: speakModel }, workspace)]),
      ],
      calls: [
        ...(transcribeModel === undefined ? [] : [transcribeFacts(server)]),
        ...(speakModel === undefined ? [] : [speakFacts(server)]),
      ],
      check: mediaCheck(id, server, models),
    };
  },
};

const transcribeFacts = ({ place }: MediaServer): CallFacts => ({
  operation: "transcribe",
  effect: "read",
  repeat: "safe",
  ...place,
});
/** A file that is there already is not touched: a second time changes nothing more. */
const speakFacts = ({ place }: MediaServer): CallFacts => ({
  operation: "speak",
  effect: "write",
  repeat: "keyed",
  ...place,
});

const pathField = z.string().min(1).max(1024);

function transcribeTool(
  name: string,
  server: MediaServer,
  model: string,
  workspace: Workspace,
): GovernedTool {
  const input = z.strictObject({
    path: pathField.describe("The recording, relative to the workspace: mp3, wav, m4a, ogg, webm."),
    language: z
      .string()
      .regex(/^[a-z]{2,3}$/, "must be a code such as en")
      .optional()
      .describe("The language that is spoken, as a code, where it is known."),
  });
  const operation: ConnectorSpec<z.output<typeof input>, ToolOutput> = {
    id: `media:${name}`,
    facts: () => transcribeFacts(server),
    run: async (context) => {
      const { path, language } = context.input;
      const file = await readWorkspaceFile(workspace, path, mostFileBytes).catch(orRefusal);
      if ("isError" in file) return file;
      const form = new FormData();
      form.set("file", new Blob([file]), basename(path));
      form.set("model", model);
      form.set("response_format", "json");
      if (language !== undefined) form.set("language", language);
      const { text, usage } = await exchangeJson(
        context,
        {
          ...server,
          url: server.url("audio/transcriptions"),
          method: "POST",
          form,
          answer: written,
        },
        server.now,
      );
      const tokens = usage?.total_tokens;
      return {
        content:
          text.trim() === ""
            ? "Nothing is said in it."
            : fromOutside([`heard in: "${path}"`], text),
        isError: false,
        ...(tokens === undefined ? {} : { structured: { tokens } }),
      };
    },
    measure: measured,
    mapError: server.mapError,
    timeouts,
  };
  return operationTool({
    name: `${name}__transcribe`,
    description: `Writes down what is said in a recording of the workspace. The file is sent to ${server.who}.`,
    input,
    effect: "read",
    repeat: "safe",
    operation,
  });
}

/** Some servers count seconds instead of tokens, and some nothing at all. */
const written = z.object({
  text: z.string(),
  usage: z.object({ total_tokens: z.number().nonnegative().optional() }).optional(),
});

function speakTool(
  name: string,
  server: MediaServer,
  { model, voice, format }: Pick<SpeechSettings, "voice" | "format"> & { readonly model: string },
  workspace: Workspace,
): GovernedTool {
  const input = z.strictObject({
    text: z
      .string()
      .regex(/\S/, "must not be empty")
      .max(mostCharacters, `at most ${mostCharacters} characters: read it in several files`)
      .describe("What is to be read."),
    path: pathField.describe(`The new file, relative to the workspace, ending in .${format}.`),
  });
  const operation: ConnectorSpec<z.output<typeof input>, ToolOutput> = {
    id: `media:${name}`,
    facts: () => speakFacts(server),
    run: async (context) => {
      const { text, path } = context.input;
      const { who, headers, hint, explain, now } = server;
      const refusal = await checkNewFile(workspace, path).then(() => undefined, orRefusal);
      if (refusal !== undefined) return refusal;
      const response = await context.fetch(server.url("audio/speech"), {
        method: "POST",
        redirect: "manual",
        headers: { ...headers, "content-type": "application/json" },
        body: JSON.stringify({ model, input: text, voice, response_format: format }),
        signal: context.signal,
      });
      if (!response.ok) throw await refused(who, response, now(), { hint, explain });
      const type = response.headers.get("content-type") ?? "no type";
      const audio = await readWholeBody(
        response,
        bytesBeside + text.length * bytesPerCharacter,
        who,
      );
      if (!/^(?:audio\/|application\/octet-stream)/.test(type) || audio.length === 0) {
        throw new BoundaryError("invalid_response", `${who} answered ${type}, which is no sound.`);
      }
      const late = await writeNewFile(workspace, path, audio).catch(orRefusal);
      return late ?? { content: `Made ${path} (${audio.length} bytes).`, isError: false };
    },
    mapError: server.mapError,
    timeouts,
  };
  return operationTool({
    name: `${name}__speak`,
    description: `Reads a text aloud and makes a ${format} file of it in the workspace. A file that exists is not replaced. The text is sent to ${server.who}.`,
    input,
    effect: "write",
    repeat: "keyed",
    operation,
  });
}

function orRefusal(error: unknown): ToolOutput {
  const refusal = fileRefusal(error);
  if (refusal === undefined) throw error;
  return refusal;
}
