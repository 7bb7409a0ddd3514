import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { connectorConformance } from "../../../../test/connectors/conformance.ts";
import { type HttpPeer, httpPeer } from "../../../../test/connectors/http-peer.ts";
import { temporaryFolder } from "../../../../test/support/temporary.ts";
import { fromOutside } from "../../../base/outside.ts";
import { speechKind } from "./connector.ts";
import { speechSettings } from "./settings.ts";

const token = "sk-not-a-real-key-000000";
const root = temporaryFolder("speech");
writeFileSync(join(root, "note.wav"), "RIFF....WAVEfmt sound");

const open = (peer: HttpPeer, more: Record<string, unknown> = {}) =>
  speechKind.open(
    speechSettings.parse({
      kind: "speech",
      baseUrl: `${peer.url}/v1`,
      tokenVariable: "SPEECH_KEY",
      transcribeModel: "hears-1",
      speakModel: "speaks-1",
      format: "wav",
      ...more,
    }),
    { name: "voice", secret: () => token, now: () => Date.now() },
  );
const toolOf = (peer: HttpPeer, name: string, folder = root) => {
  const tools = open(peer).toolsIn?.({ root: folder, closed: [join(folder, ".agent33")] }) ?? [];
  const found = tools.find(({ tool }) => tool.name === `voice__${name}`);
  if (found === undefined) throw new Error("no tool");
  return found;
};

const refusing = () => ({
  status: 401,
  body: JSON.stringify({
    error: { message: "Incorrect API key provided.", type: "invalid_request_error" },
  }),
});
const sound = Uint8Array.of(0x52, 0x49, 0x46, 0x46, 0xff, 0x00, 0x80);
const server = () =>
  httpPeer(
    ({ path }) => {
      if (path === "/v1/models") return { body: '{"data":[{"id":"hears-1"}]}' };
      if (path === "/v1/audio/speech") {
        return { headers: { "content-type": "audio/wav" }, body: sound };
      }
      const usage = { type: "tokens", input_tokens: 14, output_tokens: 45, total_tokens: 59 };
      return { body: JSON.stringify({ text: "Hello there.", usage }) };
    },
    { refusing },
  );

connectorConformance({
  name: "speech transcribe",
  peer: server,
  spec: (peer) => toolOf(peer, "transcribe").spec,
  input: { path: "note.wav", language: "en" },
  good: (output, peer) => {
    expect(output).toEqual({
      content: fromOutside(['heard in: "note.wav"'], "Hello there."),
      isError: false,
      structured: { tokens: 59 },
    });
    const [request] = peer.requests;
    expect(request).toMatchObject({
      method: "POST",
      path: "/v1/audio/transcriptions",
      headers: {
        authorization: `Bearer ${token}`,
        "content-type": expect.stringMatching(/^multipart\/form-data; boundary=/),
      },
    });
    expect(request?.body).toContain('name="file"; filename="note.wav"');
    expect(request?.body).toContain("RIFF....WAVEfmt sound");
    expect(request?.body).toMatch(/name="model"\r\n\r\nhears-1\r\n/);
    expect(request?.body).toMatch(/name="language"\r\n\r\nen\r\n/);
  },
  secrets: [token],
});

let files = 0;
connectorConformance({
  name: "speech speak",
  peer: server,
  spec: (peer) => {
    files += 1;
    return toolOf(peer, "speak", temporaryFolder(`speak-${files}`)).spec;
  },
  input: { text: "Hello there.", path: "hello.wav" },
  good: ({ content }, peer) => {
    expect(content).toBe("Made hello.wav (7 bytes).");
    expect(JSON.parse(peer.requests[0]?.body ?? "")).toEqual({
      model: "speaks-1",
      input: "Hello there.",
      voice: "alloy",
      response_format: "wav",
    });
  },
  secrets: [token],
  // Sound has no form that could be checked.
  takes: { malformed: ({ content }) => expect(content).toBe("Made hello.wav (7 bytes).") },
});

connectorConformance({
  name: "speech check",
  peer: server,
  spec: (peer) => open(peer).check,
  input: undefined,
  good: (found) => expect(found).toMatch(/ answers, and does not list speaks-1$/),
  secrets: [token],
});

describe("a text that is read aloud", () => {
  /** One attempt by hand: what it does with files needs no boundary. */
  async function speak(
    path: string,
    type = "audio/wav",
    body: string | Uint8Array<ArrayBuffer> = sound,
  ) {
    const folder = temporaryFolder("spoken");
    writeFileSync(join(folder, "there.wav"), "kept");
    const peer = { url: "http://127.0.0.1:1" } as HttpPeer;
    const { spec } = toolOf(peer, "speak", folder);
    let asked = 0;
    const context = {
      input: { text: "Hello.", path },
      facts: { operation: "test", effect: "unknown", repeat: "once" } as const,
      attempt: 1,
      idempotencyKey: "k",
      signal: new AbortController().signal,
      fetch: () => {
        asked += 1;
        return Promise.resolve(new Response(body, { headers: { "content-type": type } }));
      },
      connect: () => Promise.reject(),
      spawn: () => Promise.reject(),
      emit: () => undefined,
      room: () => Promise.resolve(),
    };
    return { folder, output: await spec.run(context), asked: () => asked };
  }

  test("becomes a file with the very bytes", async () => {
    const { folder, output } = await speak("hello.wav");
    expect(output.isError).toBe(false);
    expect(new Uint8Array(readFileSync(join(folder, "hello.wav")))).toEqual(sound);
  });

  test("replaces no file, and leaves the workspace nowhere", async () => {
    const { folder, output } = await speak("there.wav");
    expect(output).toMatchObject({ isError: true, content: expect.stringContaining("already") });
    expect(readFileSync(join(folder, "there.wav"), "utf8")).toBe("kept");
    expect((await speak("../out.wav")).output).toMatchObject({
      isError: true,
      content: expect.stringContaining("refused"),
    });
  });

  test.each(["there.wav", "../out.wav", "no/folder.wav", "/out.wav"])(
    "is not sent, and costs nothing, where no file can be made at %s",
    async (path) => {
      const { output, asked } = await speak(path);
      expect(output.isError).toBe(true);
      expect(asked()).toBe(0);
    },
  );

  test.each([
    ["text/html", "<h1>Welcome</h1>"],
    ["audio/wav", ""],
  ])("is no sound where the answer is %s with %j", async (type, body) => {
    await expect(speak("hello.wav", type, body)).rejects.toMatchObject({
      kind: "invalid_response",
    });
  });
});

test("speech needs a model for at least one direction, and has only its tools", () => {
  expect(speechSettings.safeParse({ kind: "speech" }).success).toBe(false);
  const hears = speechSettings.parse({ kind: "speech", transcribeModel: "hears-1" });
  const opened = speechKind.open(hears, { name: "v", secret: () => token, now: () => 0 });
  const tools = opened.toolsIn?.({ root, closed: [] }) ?? [];
  expect(tools.map(({ tool }) => tool.name)).toEqual(["v__transcribe"]);
});
