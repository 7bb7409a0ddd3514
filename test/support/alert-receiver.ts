import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";

/** What a receiver of Alertmanager's webhooks was posted, as far as tests look at it. */
export interface PostedAlerts {
  readonly version: string;
  readonly status: string;
  readonly receiver: string;
  readonly groupLabels: Readonly<Record<string, string>>;
  readonly alerts: readonly {
    readonly status: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations: Readonly<Record<string, string>>;
    readonly startsAt: string;
    readonly endsAt: string;
    readonly fingerprint: string;
  }[];
}

export interface AlertReceiver {
  readonly url: string;
  /** All that it took, by the path that it was posted to. */
  readonly posted: readonly { readonly path: string; readonly body: PostedAlerts }[];
  /** From now on it answers with this status. */
  answer(status: number): void;
}

/** A server on this machine that takes alerts until the test ends. */
export async function alertReceiver(): Promise<AlertReceiver> {
  const posted: { path: string; body: PostedAlerts }[] = [];
  let status = 200;
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      const body = JSON.parse(Buffer.concat(parts).toString("utf8")) as PostedAlerts;
      if (status === 200) posted.push({ path: request.url ?? "", body });
      response.statusCode = status;
      response.end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    posted,
    answer: (next) => {
      status = next;
    },
  };
}
