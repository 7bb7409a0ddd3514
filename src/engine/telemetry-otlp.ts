import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { Agent33Error } from "../base/errors.ts";
import type { Principal } from "../base/principal.ts";
import type { Boundary } from "../boundary/boundary.ts";
import type { ConnectorSpec } from "../boundary/types.ts";
import type { Settings } from "../config/schema.ts";
import { engineCalls } from "../connectors/engine-calls.ts";
import { keyedPost } from "../connectors/http/keyed-post.ts";
import type { Sink } from "../observability/export/exporter.ts";
import { type CollectorAnswer, collectorAnswer } from "../observability/export/collector-answer.ts";
import { spansOf } from "../observability/export/spans.ts";
import type { FeedSource } from "../observability/feed/feed.ts";
import type { Span } from "../observability/traces/span.ts";
import type { Host } from "./host.ts";
import { otlpOf } from "./traces.ts";

type Otlp = NonNullable<Settings["telemetry"]["otlp"]>;

export interface OtlpParts {
  readonly otlp: Otlp;
  readonly source: FeedSource;
  readonly host: Host;
  readonly boundary: () => Boundary;
  readonly principal: Principal;
}

/** Spans of one request at first; fewer once a collector has said that this is too much. */
const spansAtOnce = 1_000;
const tooLarge = 413;
const notThisEncoding = 415;
/** A collector's word that a request is wrong in itself: it would say so again. */
const refusedForGood: ReadonlySet<number | undefined> = new Set([400, tooLarge, 422]);
const answerBytes = 64 * 1024;

const compress = promisify(gzip);

/**
 * A collector that takes OpenTelemetry's protocol over HTTP, in JSON (OTLP 1.x). What it refuses for
 * good is counted and said; a request that is too large is sent in halves, down to a span; one
 * that cannot be decompressed is sent as it is from then on. All else it throws, to be sent again.
 * @throws Agent33Error `telemetry.missing_secret`
 */
export function otlpSink(parts: OtlpParts): Sink {
  const { otlp, source, host, boundary, principal } = parts;
  let compressing = otlp.compression === "gzip";
  let atOnce = spansAtOnce;
  let said = "";
  const say = (words: string): void => {
    if (words === said) return;
    said = words;
    host.warn(`telemetry.otlp: ${words}`);
  };
  const headers = () => headersOf(otlp, host);
  headers();
  const spec = otlpSpec(otlp.url, headers, {
    now: () => host.clock.now(),
    compressing: () => compressing,
  });

  const send = async (spans: readonly Span[]): Promise<number> => {
    const outcome = await boundary()
      .connector(spec)
      .tryCall(await otlpOf(spans), { principal });
    if (outcome.ok) return partlyRefused(outcome.value, spans.length, say);
    const { status, message } = outcome.error;
    if (status === notThisEncoding && compressing) {
      compressing = false;
      say(`${message} From here on requests are not compressed.`);
      return send(spans);
    }
    if (status === tooLarge && spans.length > 1) {
      atOnce = Math.ceil(spans.length / 2);
      return sendAll(spans);
    }
    if (!refusedForGood.has(status)) throw outcome.error;
    say(`${spans.length} spans were refused: ${message}`);
    return spans.length;
  };
  /** @returns how many were refused for good */
  const sendAll = async (spans: readonly Span[]): Promise<number> => {
    let refusedInAll = 0;
    for (let at = 0; at < spans.length; ) {
      const some = spans.slice(at, at + atOnce);
      at += some.length;
      refusedInAll += await send(some);
    }
    return refusedInAll;
  };

  return {
    name: "otlp",
    deliver: async (told) => {
      let dropped = 0;
      let waiting: Span[] = [];
      for (const one of told) {
        const log = () =>
          one.kind === "call" ? Promise.resolve([]) : source.events(one.tenant, one.run.id, 1);
        waiting.push(...(await spansOf(one, log)));
        if (waiting.length < atOnce) continue;
        dropped += await sendAll(waiting);
        waiting = [];
      }
      dropped += await sendAll(waiting);
      return { dropped };
    },
  };
}

/** @returns how many of so many spans were refused */
function partlyRefused(
  { rejectedSpans, message }: CollectorAnswer,
  sent: number,
  say: (words: string) => void,
): number {
  const refusedNow = Math.min(rejectedSpans, sent);
  if (refusedNow > 0) say(`${refusedNow} of ${sent} spans were refused: ${message}`);
  else if (message !== "") say(`the collector took all and says: ${message}`);
  return refusedNow;
}

function otlpSpec(
  url: string,
  headers: () => Readonly<Record<string, string>>,
  how: { readonly now: () => number; readonly compressing: () => boolean },
): ConnectorSpec<string, CollectorAnswer> {
  return keyedPost({
    id: engineCalls.telemetry,
    url,
    headers,
    bodyOf: async (text) =>
      how.compressing()
        ? { body: await compress(text), headers: { "content-encoding": "gzip" } }
        : { body: text },
    answerOf: collectorAnswer,
    answerBytes,
    totalMs: 20_000,
    now: how.now,
  });
}

function headersOf({ secretHeaders }: Otlp, host: Host): Readonly<Record<string, string>> {
  const entries = Object.entries(secretHeaders).map(([name, variable]) => {
    const value = host.env[variable];
    if (value !== undefined && value !== "") return [name, value] as const;
    throw new Agent33Error(
      "telemetry.missing_secret",
      `The header ${name} of telemetry.otlp has no value: ${variable} is not set.`,
      { hint: `Set ${variable}, or take the header out of telemetry.otlp.secretHeaders.` },
    );
  });
  return Object.fromEntries(entries);
}
