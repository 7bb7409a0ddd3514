import { packageVersion } from "../base/version.ts";
import type { Route } from "./route.ts";

/** A page for people, and its style. Nothing of it comes from elsewhere. */
export interface ReferencePage {
  readonly html: string;
  readonly css: string;
}

const css = `body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
code { font: 14px ui-monospace, monospace; }
.operation { border-top: 1px solid #ccc; padding: 0.75rem 0; }
.method { display: inline-block; min-width: 4rem; font-weight: bold; }
.facts { color: #555; }
`;

/** The operations in their groups. The document for programs has their forms. */
export function referencePage(routes: readonly Route[]): ReferencePage {
  const groups = [...Map.groupBy(routes, ({ tag }) => tag)].map(
    ([tag, members]) => `<h2>${escaped(tag)}</h2>\n${members.map(operationOf).join("\n")}`,
  );
  const html = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>AGENT-33 API</title>
<link rel="stylesheet" href="/docs.css">
<h1>AGENT-33 API</h1>
<p>Version ${escaped(packageVersion())}. Every operation needs <code>Authorization: Bearer KEY</code>
with the scope that it names. All forms are in <a href="/openapi.json"><code>/openapi.json</code></a>.</p>
${groups.join("\n")}
</html>
`;
  return { html, css };
}

function operationOf({ method, path, summary, description, scope, effect }: Route): string {
  const more = description === undefined ? "" : `<p>${escaped(description)}</p>`;
  return `<section class="operation"><div><span class="method">${method}</span> <code>${escaped(path)}</code></div>
<p>${escaped(summary)}</p>${more}
<div class="facts">scope <code>${scope}</code>, effect ${effect}</div></section>`;
}

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);
}
