import type { LoggingMessageNotificationParams } from "@modelcontextprotocol/client";

/** What a server said beside its answers, and what it asked for in vain. */
export interface SessionNotes {
  logged(message: LoggingMessageNotificationParams): void;
  /** A question that nobody was asked. */
  declined(question: string): void;
  /** How many questions nobody was asked so far. */
  declinedCount(): number;
  /** The questions after the first `count` of them. */
  declinedSince(count: number): readonly string[];
  /** The last 100 log messages, as `level logger: text`. */
  logs(): readonly string[];
  /** What a person should know. */
  notices(): readonly string[];
}

const logsKept = 100;
const declinedKept = 20;
const longest = 500;
const gravesShown = 5;
/** Log levels (RFC 5424) that a person should hear of. */
const grave = /^(?:error|critical|alert|emergency)\b/;

export function createSessionNotes(): SessionNotes {
  const logs: string[] = [];
  const declined: string[] = [];
  let declinedCount = 0;
  return {
    logged: ({ level, logger, data }) => {
      const text = typeof data === "string" ? data : JSON.stringify(data);
      logs.push(clip(`${level}${logger === undefined ? "" : ` ${logger}`}: ${text}`));
      if (logs.length > logsKept) logs.shift();
    },
    declined: (question) => {
      declinedCount += 1;
      declined.push(clip(question));
      if (declined.length > declinedKept) declined.shift();
    },
    declinedCount: () => declinedCount,
    declinedSince: (count) =>
      declined.slice(Math.max(0, declined.length - (declinedCount - count))),
    logs: () => [...logs],
    notices: () => [
      ...declined.map((question) => `It asked a question that nobody could be asked: ${question}`),
      ...logs.filter((line) => grave.test(line)).slice(-gravesShown),
    ],
  };
}

function clip(text: string): string {
  return text.length > longest ? `${text.slice(0, longest)}…` : text;
}
