import { describe, expect, test } from "vitest";
import { composeOverride, composeParts, composeVariables } from "./compose-files.ts";

const file = `
services:
  main:
    build: { context: "\${CONTEXT_DIR}" }
    network_mode: \${NETWORK_MODE:-bridge}
  api:
    image: api
    networks: [backend]
  probe:
networks:
  backend: { driver: bridge }
volumes:
  data:
  shared: { external: true }
`;
const parts = composeParts(file, "/t/docker-compose.yaml");
const plan = {
  parts,
  image: "agent33-task:1",
  labels: { a: "1" },
  variables: ["KEY", "PATH=$HOME"],
  hasNetwork: true,
  cpus: 2,
  memoryMb: 512,
};

describe("a task's compose file", () => {
  test("is looked at for what needs a label", () => {
    expect(parts).toEqual({
      services: ["main", "api", "probe"],
      ownNetworkMode: ["main"],
      networks: ["backend"],
      volumes: ["data"],
    });
  });

  test.each(["services: [a]", "services: {a: 3}", "a: [", "- x"])(
    "is refused where it is %j",
    (text) => {
      expect(() => composeParts(text, "/t/c.yaml")).toThrow(
        expect.objectContaining({ code: "evaluation.compose_malformed" }),
      );
    },
  );

  test("is followed by the image, the limits and the labels", () => {
    expect(composeOverride(plan)).toEqual({
      services: {
        api: { labels: { a: "1" } },
        probe: { labels: { a: "1" } },
        main: {
          image: "agent33-task:1",
          pull_policy: "never",
          command: ["sh", "-c", "while :; do sleep 3600; done"],
          init: true,
          restart: "no",
          labels: { a: "1" },
          environment: ["KEY", "PATH=$$HOME"],
          deploy: { resources: { limits: { pids: 4096, cpus: "2", memory: "512M" } } },
        },
      },
      networks: { default: { labels: { a: "1" } }, backend: { labels: { a: "1" } } },
      volumes: { data: { labels: { a: "1" } } },
    });
  });

  test("keeps its services among themselves where the task has no network", () => {
    expect(composeOverride({ ...plan, hasNetwork: false })).toMatchObject({
      services: {
        main: { network_mode: "none" },
        api: expect.not.objectContaining({ network_mode: "none" }),
      },
      networks: { default: { internal: true }, backend: { internal: true } },
    });
  });

  test("finds its folders by the variables that published ones use", () => {
    const places = {
      contextDir: "/t/environment",
      verifierLogs: "/v",
      agentLogs: "/a",
      home: "/h",
    };
    expect(composeVariables({ ...plan, ...places })).toEqual({
      CONTEXT_DIR: "/t/environment",
      MAIN_IMAGE_NAME: "agent33-task:1",
      TEST_DIR: "/tests",
      HOST_VERIFIER_LOGS_PATH: "/v",
      ENV_VERIFIER_LOGS_PATH: "/logs/verifier",
      HOST_AGENT_LOGS_PATH: "/a",
      ENV_AGENT_LOGS_PATH: "/logs/agent",
      CPUS: "2",
      MEMORY: "512M",
      NETWORK_MODE: "bridge",
      HOME: "/h",
    });
  });
});
