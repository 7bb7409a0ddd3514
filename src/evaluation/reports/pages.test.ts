import fc from "fast-check";
import { parseDocument } from "htmlparser2";
import { describe, expect, test } from "vitest";
import { compareTrials } from "../statistics/comparison.ts";
import { trialOf, trialsOf } from "../trials/trial.fixture.ts";
import type { Trial } from "../trials/trial.ts";
import { htmlReport } from "./html.ts";
import { markdownReport } from "./markdown.ts";
import { comparisonReport, type EvaluationReport, folderReport } from "./report.ts";

const folder = (trials: readonly Trial[]) => ({
  trials,
  places: new Map<string, string>(),
  notices: [],
});

/** A report in which every word that comes from outside is this. */
function reportOf(words: string): EvaluationReport {
  const error = { phase: null, code: words, message: words, retryable: false };
  const trials = [
    trialOf({
      id: "1",
      name: words,
      task: { name: words, source: words, digest: null },
      condition: { agent: words, agentVersion: words, model: words, skills: words },
    }),
    trialOf({
      id: "2",
      condition: { agent: words, model: words },
      verdict: { kind: "error", error },
    }),
  ];
  return { ...folderReport(words, folder(trials)), notices: [words] };
}

/** The names of all elements and attributes of a page. */
function shapeOf(page: string): readonly string[] {
  const names: string[] = [];
  const visit = (nodes: ReturnType<typeof parseDocument>["childNodes"]): void => {
    for (const node of nodes) {
      if ("name" in node && "attribs" in node)
        names.push(`${node.name} ${Object.keys(node.attribs).join(" ")}`);
      if ("childNodes" in node) visit(node.childNodes as typeof nodes);
    }
  };
  visit(parseDocument(page).childNodes);
  return names;
}

const hostile = [
  "<script>alert(1)</script>",
  '"><img src=x onerror=alert(1)>',
  "'onload='alert(1)",
  "</title></style></svg><iframe src=//evil>",
  "`${1}` &lt;b&gt; &#60;",
  "<!-- --> <![CDATA[ ]]>",
  "\u0000\u0007\u202e\u{e0041}x",
];

test("no rate and no difference is shown beyond what it can be", () => {
  const side = (skills: string, passes: readonly boolean[]) =>
    passes.map((pass, index) =>
      trialOf({
        id: `${skills} ${index}`,
        task: { name: `task ${index}`, source: null, digest: null },
        condition: { agent: "worker", model: null, skills },
        verdict: { kind: "scored", rewards: { reward: pass ? 1 : 0 } },
      }),
    );
  const [a, b] = [side("none", [true, false, false]), side("own", [true, true, false])];
  const report = comparisonReport("few tasks", compareTrials(a, b, {}), folder(a), folder(b));
  for (const text of [markdownReport(report), htmlReport(report)]) {
    const shares = [...text.matchAll(/([-−]?)(\d+\.\d) %/g)];
    expect(shares.length).toBeGreaterThan(10);
    expect(shares.filter(([, sign, share]) => sign !== "" || Number(share) > 100)).toEqual([]);
    const points = [...text.matchAll(/(\d+\.\d) pp/g)].map(([, each]) => Number(each));
    expect(Math.max(...points)).toBeLessThanOrEqual(100);
  }
});

describe("the page in HTML", () => {
  test.each(hostile)("has the same elements whatever a name is: %j", (words) => {
    const plain = shapeOf(htmlReport(reportOf("plain")));
    expect(plain.length).toBeGreaterThan(50);
    expect(shapeOf(htmlReport(reportOf(words)))).toEqual(plain);
  });

  test("has the same elements for any text", () => {
    const plain = shapeOf(htmlReport(reportOf("plain")));
    fc.assert(
      fc.property(fc.string({ unit: "binary", minLength: 1, maxLength: 60 }), (words) => {
        expect(shapeOf(htmlReport(reportOf(`x${words}`)))).toEqual(plain);
      }),
      { numRuns: 40 },
    );
  });

  test("asks for nothing and runs nothing", () => {
    const page = htmlReport(reportOf("plain"));
    expect(page).toContain("default-src 'none'; style-src 'sha256-");
    expect(page).not.toMatch(/<script|<link|<img|\ssrc=|\shref=|@import|url\(|\sstyle=|\son\w+=/i);
  });

  test("has a table with the figures of every chart", () => {
    const a = trialsOf(
      [
        [4, 1],
        [4, 4],
        [4, 2],
      ],
      { id: "a" },
    );
    const b = trialsOf(
      [
        [4, 3],
        [4, 4],
        [4, 0],
      ],
      { id: "b", condition: { agent: "other", model: null } },
    );
    const report = comparisonReport("x", compareTrials(a, b), folder(a), folder(b));
    const page = htmlReport(report);
    expect(page.match(/<div class="chart">|<div class="panels">/g)).toHaveLength(5);
    // Of each chart, and of each side's tasks.
    expect(page.match(/<table/g)).toHaveLength(7);
    expect(page).toContain("25.0 % → 75.0 %, +50.0 pp");
    expect(page).toContain("−50.0 pp");
  });
});

describe("the report in Markdown", () => {
  test("says no more rows, cells or elements whatever a name is", () => {
    const shape = (text: string) => ({
      lines: text.split("\n").length,
      pipes: text.match(/(?<!\\)\|/g)?.length,
      tags: text.match(/<[^>]*>/g)?.map((tag) => tag.split(/[\s>]/)[0]),
    });
    const plain = shape(markdownReport(reportOf("plain")));
    for (const words of [
      ...hostile.slice(0, -1),
      "a | b",
      "a\n\n# b",
      "a\\| b",
      "[x](http://y)",
      "| --- |",
    ]) {
      expect(shape(markdownReport(reportOf(words)))).toEqual(plain);
    }
  });

  test("names no person, links nothing and hides nothing", () => {
    const text = markdownReport(reportOf("@octocat #1 https://evil www.evil ![x](y) ~~z~~"));
    expect(text).not.toMatch(/@octocat|(?<!\\)#1|https:\/\/|www\.|(?<!\\)!\[|(?<!\\)~~/);
  });

  test("of a comparison begins with what came of it", () => {
    const a = trialsOf(
      Array.from({ length: 20 }, () => [4, 0] as const),
      { id: "a" },
    );
    const b = trialsOf(
      Array.from({ length: 20 }, (_, index) => [4, index % 3 === 0 ? 2 : 4] as const),
      { id: "b", condition: { agent: "other", model: null } },
    );
    const report = comparisonReport("x", compareTrials(a, b), folder(a), folder(b));
    expect(markdownReport(report)).toContain("more than chance explains.");
    const again = trialsOf([[4, 1]], { id: "c" });
    const same = trialsOf([[4, 2]], { id: "d" });
    expect(
      markdownReport(
        comparisonReport("x", compareTrials(again, same), folder(again), folder(same)),
      ),
    ).toContain("so that this is noise");
  });
});
