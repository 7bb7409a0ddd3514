import { describe, expect, test } from "vitest";
import { readRecipe, type RecipeStep } from "./dockerfile-recipe.ts";

const recipe = (...lines: string[]) => readRecipe(lines.join("\n"), "Dockerfile");
const steps = (...lines: string[]): readonly RecipeStep[] =>
  recipe("FROM x", ...lines).at(-1)?.steps ?? [];
const only = (...lines: string[]): RecipeStep | undefined => steps(...lines).at(-1);

describe("a recipe", () => {
  test("has steps in order, with what holds at each", () => {
    expect(
      steps(
        "ARG WHO=you",
        "ENV A=1",
        "WORKDIR /w",
        "RUN echo $A",
        "ENV A=2 B=$A",
        "RUN echo",
        "USER me",
      ),
    ).toEqual([
      { kind: "env", line: 3, values: [["A", "1"]] },
      { kind: "workdir", line: 4, path: "/w" },
      {
        kind: "run",
        line: 5,
        command: ["/bin/sh", "-c", "echo $A"],
        workdir: "/w",
        env: { WHO: "you", A: "1" },
        text: "echo $A",
      },
      {
        kind: "env",
        line: 6,
        values: [
          ["A", "2"],
          ["B", "1"],
        ],
      },
      expect.objectContaining({ kind: "run", env: { WHO: "you", A: "2", B: "1" } }),
      { kind: "other", line: 8, keyword: "USER", text: "me" },
    ]);
  });

  // Each row: what it is, the lines, the command.
  const commands: [string, string[], readonly string[]][] = [
    ["a line for the shell", ["RUN a && b"], ["/bin/sh", "-c", "a && b"]],
    ["a list is a program and its arguments", ['RUN ["a", "b c"]'], ["a", "b c"]],
    ["a test in brackets is no list", ["RUN [ -f x ] && y"], ["/bin/sh", "-c", "[ -f x ] && y"]],
    [
      "the shell that was chosen",
      ['SHELL ["/bin/bash", "-ec"]', "RUN a"],
      ["/bin/bash", "-ec", "a"],
    ],
    ["a script", ["RUN <<EOF", "a $B", "c", "EOF"], ["/bin/sh", "-c", "a $B\nc\n"]],
    [
      "a script with an interpreter",
      ["RUN <<EOF", "#!/usr/bin/env python3", "x", "EOF"],
      [
        "/bin/sh",
        "-c",
        "/usr/bin/env python3 /dev/stdin <<'EOF'\n#!/usr/bin/env python3\nx\nEOF\n",
      ],
    ],
    [
      "what a command reads",
      ["RUN cat <<'A' > a && cat <<B", "one", "A", "two", "B"],
      ["/bin/sh", "-c", "cat <<'A' > a && cat <<B\none\nA\ntwo\nB\n"],
    ],
  ];
  test.each(commands)("runs %s", (_what, lines, command) => {
    expect(only(...lines)).toMatchObject({ kind: "run", command });
  });

  test("copies with patterns, modes, stages and files that stand in the Dockerfile", () => {
    expect(
      only(
        "ENV V=v",
        "COPY --chmod=0644 --chown=a --from=Build *.csv <<E <<'R' /t",
        "$V",
        "E",
        "$V",
        "R",
      ),
    ).toEqual({
      kind: "copy",
      line: 3,
      keyword: "COPY",
      sources: ["*.csv"],
      files: [
        { name: "E", text: "v\n" },
        { name: "R", text: "$V\n" },
      ],
      target: "/t/",
      mode: 0o644,
      from: "Build",
      idleFlags: ["--chown=a"],
    });
  });

  test("knows stages by name and by number, and what one has of the one before", () => {
    const [one, two] = recipe(
      "ARG TAG=3",
      "FROM debian:$TAG AS Base",
      "WORKDIR /w",
      "ENV A=1",
      "ARG TAG",
      "RUN x",
      "FROM base",
      "RUN y",
    );
    expect(one).toMatchObject({ names: ["0", "base"], base: "debian:3", workdir: "/w" });
    expect(one?.steps.at(-1)).toMatchObject({ env: { TAG: "3", A: "1" } });
    expect(two).toMatchObject({ names: ["1"], base: 0, workdir: "/w", env: { A: "1" } });
    expect(two?.steps[0]).toMatchObject({ kind: "run", workdir: "/w" });
  });

  test("adds to the PATH that images have", () => {
    expect(recipe("FROM x", "ENV PATH=/o:$PATH")[0]?.env["PATH"]).toMatch(
      /^\/o:\/usr\/local\/sbin:/,
    );
  });
});
