import { type InjectionLevel, injectionLevels } from "../base/effect.ts";
import { withoutUnseen } from "../base/outside.ts";
import { injectionRules } from "./injection-rules.ts";

/** What in a text looks as if it gave a model orders. */
export interface InjectionFinding {
  readonly rule: string;
  readonly level: InjectionLevel;
}

/** Unicode's tag characters can spell a text that nobody sees; overrides turn the order around. */
const tags = /[\u{e0020}-\u{e007e}]{4,}/u;
/** A flag of a region is spelled with tags, after a black flag and before a last one. */
const flag = /\u{1f3f4}[\u{e0030}-\u{e0039}\u{e0061}-\u{e007a}]{3,6}\u{e007f}/gu;
const turned = /[\u202d\u202e]/;
const unseenRun = /[\u200b\u2060-\u2064\ufeff]{8,}/;
const comment = /<!--([\s\S]{1,4000}?)-->/g;
const hiddenStyle =
  /style ?= ?["'][^"']{0,200}(?:display ?: ?none|visibility ?: ?hidden|font-size ?: ?0|opacity ?: ?0)[^"']{0,200}["'][^>]{0,200}>([^<]{20,4000})/gi;
/** An image is loaded without a click: its address can carry what the model was told to put in it. */
const imageWithData =
  /!\[[^\]]{0,200}\]\(https?:\/\/[^\s)]{1,200}[?&][^\s)=]{1,50}=(?:[^\s)]{0,200}[{<[$%]{1,2}[a-z_ ]{3,40}|[A-Za-z0-9+/_-]{60,})/i;
const linkWithBlank =
  /\]\(https?:\/\/[^\s)]{1,200}[?&][^\s)=]{1,50}=(?:\{\{?|<|\$\{|\[)[a-z_ ]{3,40}/i;
const base64 = /[A-Za-z0-9+/_-]{40,}={0,2}/g;
const mostBlobs = 50;

/**
 * Looks for orders to a model in what came from outside. It finds known forms of words, what nobody
 * sees, and data in addresses; an order in plain new words it does not find.
 * @returns each rule that found something, once
 */
export function findInjections(text: string): readonly InjectionFinding[] {
  const found = new Map<string, InjectionLevel>();
  look(text, (rule, level) => {
    if (found.get(rule) !== "likely") found.set(rule, level);
  });
  return [...found].map(([rule, level]) => ({ rule, level }));
}

/** The gravest level of some findings; undefined for none. */
export function gravest(findings: readonly InjectionFinding[]): InjectionLevel | undefined {
  return injectionLevels.findLast((level) => findings.some((one) => one.level === level));
}

type Tell = (rule: string, level: InjectionLevel) => void;

function look(text: string, tell: Tell): void {
  if (tags.test(text.replace(flag, ""))) tell("unseen-text", "likely");
  if (turned.test(text)) tell("turned-text", "suspected");
  if (unseenRun.test(text)) tell("unseen-run", "suspected");
  inWords(text, tell);
  for (const pattern of [comment, hiddenStyle]) {
    for (const [, inside = ""] of text.matchAll(pattern)) {
      // What people are not shown is not written for them.
      inWords(inside, (rule) => tell(`hidden-${rule}`, "likely"));
    }
  }
  if (imageWithData.test(text)) tell("image-with-data", "likely");
  if (linkWithBlank.test(text)) tell("link-to-fill-in", "suspected");
  for (const blob of (text.match(base64) ?? []).slice(0, mostBlobs)) {
    const inside = Buffer.from(blob, "base64").toString("utf8");
    if (/^[\p{L}\p{P}\p{N}\p{Z}\s]+$/u.test(inside)) {
      inWords(inside, (rule) => tell(`encoded-${rule}`, "likely"));
    }
  }
}

function inWords(text: string, tell: Tell): void {
  const plain = withoutUnseen(text)
    .normalize("NFKC")
    // One blank for many, but an order may begin its line.
    .replace(/[^\S\n]+/g, " ")
    .replace(/\s*\n\s*/g, "\n");
  const line = plain.replaceAll("\n", " ");
  for (const { id, level, pattern } of injectionRules) {
    if (pattern.test(pattern.source.includes("\\n") ? plain : line)) tell(id, level);
  }
}
