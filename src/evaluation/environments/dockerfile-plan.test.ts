import { describe, expect, test } from "vitest";
import { attempt } from "../../base/result.ts";
import { planDockerfile } from "./dockerfile-plan.ts";

const plan = (...lines: string[]) => planDockerfile(lines.join("\n"), "Dockerfile");
const failure = (...lines: string[]) => {
  const outcome = attempt(() => plan(...lines));
  return outcome.ok ? undefined : outcome.error;
};

describe("the plan of a Dockerfile", () => {
  test("has workdir, copies and environment, and names what is left out", () => {
    const result = plan(
      "# syntax=docker/dockerfile:1",
      "FROM node:24-slim",
      "RUN apt-get update \\",
      "  # a comment in between",
      "",
      "  && apt-get install -y jq",
      "WORKDIR /app",
      'ENV MODE=test NAME="a b"',
      "COPY --chmod=755 run.sh ./bin/",
      'CMD ["node"]',
    );
    expect(result).toEqual({
      workdir: "/app",
      env: { MODE: "test", NAME: "a b" },
      copies: [{ line: 9, keyword: "COPY", sources: ["run.sh"], target: "/app/bin/", mode: 0o755 }],
      notices: [
        'Dockerfile: runs on this machine, not in the image "node:24-slim"',
        "Dockerfile, line 3: RUN apt-get update   && apt-get install -y jq is not carried out",
        'Dockerfile, line 10: CMD ["node"] is not carried out',
      ],
    });
  });

  // Each row: what it is, the lines after FROM, the targets of the copies.
  const targets: [string, string[], string[]][] = [
    [
      "relative to the WORKDIR at that place",
      ["COPY a x", "WORKDIR /w", "COPY a x"],
      ["/x", "/w/x"],
    ],
    ["relative WORKDIRs add up", ["WORKDIR /w", "WORKDIR sub", "COPY a ."], ["/w/sub/"]],
    ["several sources mean a folder", ["WORKDIR /w", "COPY a b /w/c"], ["/w/c/"]],
    ["a list as JSON", ['COPY ["a b", "/w/c d"]'], ["/w/c d"]],
    ["variables", ["ENV D=/d", "ARG N=n", `COPY a \${D}/$N/\${X:-y}\${D:+z}/`], ["/d/n/yz/"]],
    ["an escaped variable", ["COPY a /\\$D"], ["/$D"]],
    ["single quotes keep variables", ["ENV D=1", "COPY 'a' '/$D'"], ["/$D"]],
    ["lower-case keywords", ["copy a /x"], ["/x"]],
    [
      "a heredoc script is not read as instructions",
      ["RUN <<EOF", "COPY a /no", "EOF", "COPY a /x"],
      ["/x"],
    ],
    ["a heredoc with tabs", ["RUN <<-'END' cat", "\tCOPY a /no", "\tEND", "COPY a /x"], ["/x"]],
    ["the older form of ENV", ["ENV D the rest", "COPY a /$D/"], ["/the rest/"]],
    ["a copy from another stage is left out", ["COPY --from=build a /x"], []],
    ["a download is left out", ["ADD https://example.org/a /x"], []],
    ["a dot ends a folder", ["WORKDIR /w", "COPY a ./sub/.."], ["/w/"]],
  ];
  test.each(targets)("understands: %s", (_what, lines, expected) => {
    const { copies } = plan("FROM x", ...lines);
    expect(copies.map((copy) => copy.target)).toEqual(expected);
  });

  test("follows a stage to the stages that it is built on", () => {
    const result = plan(
      "ARG TAG=1",
      "FROM debian:$TAG AS base",
      "WORKDIR /base",
      "COPY a .",
      "FROM golang AS tools",
      "COPY b .",
      "FROM base",
      "COPY c .",
    );
    expect(result.copies.map((copy) => copy.sources[0])).toEqual(["a", "c"]);
    expect(result.notices).toEqual([
      'Dockerfile: runs on this machine, not in the image "debian:1"',
      "Dockerfile: 1 build stage(s) are not carried out",
    ]);
  });

  test("honours the escape directive", () => {
    const result = plan("# escape=`", "FROM x", "COPY a `", "  c:\\dir");
    expect(result.copies[0]?.sources).toEqual(["a"]);
  });

  test("does not take PATH over and says so where there is no WORKDIR", () => {
    const result = plan("FROM x", "ENV PATH=/opt/bin:$PATH");
    expect(result.env).toEqual({});
    expect(result.notices).toContain("Dockerfile, line 2: ENV PATH is not taken over");
    expect(result.notices.at(-1)).toContain("no WORKDIR");
  });

  const refused: [string, string[], string, string][] = [
    ["a pattern", ["FROM x", "COPY *.csv /x/"], "evaluation.dockerfile_unsupported", "line 2"],
    [
      "an archive to unpack",
      ["FROM x", "ADD a.tar.gz /x/"],
      "evaluation.dockerfile_unsupported",
      "archive",
    ],
    [
      "a file in the Dockerfile",
      ["FROM x", "COPY <<EOF /x", "hi", "EOF"],
      "evaluation.dockerfile_unsupported",
      "line 2",
    ],
    [
      "a heredoc without end",
      ["FROM x", "RUN <<EOF", "hi"],
      "evaluation.dockerfile_malformed",
      "EOF",
    ],
    ["no FROM", [""], "evaluation.dockerfile_malformed", "FROM"],
    [
      "an instruction before FROM",
      ["RUN x", "FROM x"],
      "evaluation.dockerfile_malformed",
      "line 1",
    ],
    ["no instruction", ["FROM x", "=oops"], "evaluation.dockerfile_malformed", "line 2"],
    [
      "COPY without destination",
      ["FROM x", "COPY a"],
      "evaluation.dockerfile_malformed",
      "destination",
    ],
    ["a broken list", ["FROM x", 'COPY ["a", /x'], "evaluation.dockerfile_malformed", "JSON"],
    [
      "WORKDIR without a folder",
      ["FROM x", "WORKDIR $NONE"],
      "evaluation.dockerfile_malformed",
      "WORKDIR",
    ],
    ["ENV without a value", ["FROM x", "ENV A"], "evaluation.dockerfile_malformed", "ENV"],
  ];
  test.each(refused)("refuses %s", (_what, lines, code, word) => {
    const error = failure(...lines);
    expect(error?.code).toBe(code);
    expect(error?.message).toContain(word);
    expect(error?.hint).toBeDefined();
  });
});
