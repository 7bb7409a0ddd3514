import type { LoggingMessageNotificationParams } from "@modelcontextprotocol/client";

/** What a server said beside its answers, and what it asked for in vain. */
export interface SessionNotes {
  logged(message: LoggingMessageNotificationParams): void;
  /** A question to a person that the server got no answer to, and why. */
  unanswered(question: string, why: string): void;
  /** How many of them there were so far. */
  unansweredCount(): number;
  /** Those after the first `count`, each in a sentence. */
  unansweredSince(count: number): readonly string[];
  /** The last 100 log messages, as `level logger: text`. */
  logs(): readonly string[];
  /** What a person should know. */
  notices(): readonly string[];
}

const logsKept = 100;
const unansweredKept = 20;
const longest = 500;
const gravesShown = 5;
/** Log levels (RFC 5424) that a person should hear of. */
const grave = /^(?:error|critical|alert|emergency)\b/;

export function createSessionNotes(): SessionNotes {
  const logs: string[] = [];
  const unanswered: string[] = [];
  let count = 0;
  return {
    logged: ({ level, logger, data }) => {
      const text = typeof data === "string" ? data : JSON.stringify(data);
      logs.push(clip(`${level}${logger === undefined ? "" : ` ${logger}`}: ${text}`));
      if (logs.length > logsKept) logs.shift();
    },
    unanswered: (question, why) => {
      count += 1;
      unanswered.push(`${clip(question)} ${why}`);
      if (unanswered.length > unansweredKept) unanswered.shift();
    },
    unansweredCount: () => count,
    unansweredSince: (before) =>
      unanswered.slice(Math.max(0, unanswered.length - (count - before))),
    logs: () => [...logs],
    notices: () => [
      ...unanswered.map((question) => `It asked a person: ${question}`),
      ...logs.filter((line) => grave.test(line)).slice(-gravesShown),
    ],
  };
}

function clip(text: string): string {
  return text.length > longest ? `${text.slice(0, longest)}…` : text;
}
