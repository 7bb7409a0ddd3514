import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { loopback, testGrant } from "./egress.ts";

const grant = testGrant("passes a connection on", { connect: loopback });

/** A proxy before a server that cuts a connection at a chosen moment. */
export interface CuttingProxy {
  readonly port: number;
  /** Cuts the next connection on which the client sends `text`: `before` the server has it, or after it has answered. */
  cutAt(text: string, when: "before" | "after"): void;
  close(): Promise<void>;
}

export async function startCuttingProxy(serverPort: number): Promise<CuttingProxy> {
  let trap: { readonly text: string; readonly when: "before" | "after" } | undefined;
  const sockets = new Set<Socket>();
  const proxy = createServer((client) => {
    const upstream = grant.run(() => connect(serverPort, "127.0.0.1"));
    const cut = (): void => {
      client.destroy();
      upstream.destroy();
    };
    let cutOnAnswer = false;
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on("error", cut).on("close", cut);
    }
    client.on("data", (data) => {
      if (trap !== undefined && data.includes(trap.text)) {
        const { when } = trap;
        trap = undefined;
        if (when === "before") return cut();
        cutOnAnswer = true;
      }
      upstream.write(data);
    });
    upstream.on("data", (data) => {
      if (cutOnAnswer) cut();
      else client.write(data);
    });
  });
  proxy.listen(0, "127.0.0.1");
  await once(proxy, "listening");
  return {
    port: (proxy.address() as AddressInfo).port,
    cutAt: (text, when) => {
      trap = { text, when };
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      proxy.close();
      await once(proxy, "close");
    },
  };
}
