/** The page's style. Colours keep 4.5 : 1 to their ground for words, in light and in dark. */
export const styles = `
:root {
  color-scheme: light dark;
  --ground: #ffffff; --words: #1b1f24; --faint: #5b6470; --line: #d8dde3; --panel: #f5f7f9;
  --first: #1f5fbf; --second: #a8510a; --helped: #16703c; --hurt: #b3261e; --noise: #e3e7ec;
  --always: #1b5e9e; --mostly: #7fb0de; --rarely: #f0b878; --never: #b4550d; --unknown: #c5cbd3;
  --on-dark: #ffffff; --on-light: #1b1f24;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #14171b; --words: #e6e9ed; --faint: #a0a9b4; --line: #343b44; --panel: #1c2127;
    --first: #7fb0f5; --second: #f0a562; --helped: #6fcf97; --hurt: #ff8a80; --noise: #2b323a;
    --always: #3d86cc; --mostly: #234a70; --rarely: #6b4a22; --never: #d9822f; --unknown: #4a525c;
    --on-dark: #0d1013; --on-light: #e6e9ed;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--words); font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 60rem; margin: 0 auto; padding: 1.5rem 1rem 4rem; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 1rem; overflow-wrap: anywhere; }
h2 { font-size: 1.15rem; margin: 0 0 .25rem; }
section { margin: 2.25rem 0 0; }
.verdict { font-size: 1.1rem; padding: .75rem 1rem; background: var(--panel); border-left: 4px solid var(--first); margin: 0; }
.about { color: var(--faint); font-size: .9rem; margin: 0 0 1rem; max-width: 46rem; }
.chart { margin: 0 0 1rem; }
.row { display: grid; grid-template-columns: 1fr auto; gap: 0 1rem; padding: .3rem .5rem; align-items: end; }
.row svg { grid-column: 1 / -1; display: block; overflow: visible; }
.label { overflow-wrap: anywhere; font-size: .92rem; }
.value { font-variant-numeric: tabular-nums; font-size: .92rem; white-space: nowrap; }
.axis { display: flex; justify-content: space-between; color: var(--faint); font-size: .8rem; padding: 0 .5rem; }
.legend { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; color: var(--faint); font-size: .85rem; padding: .5rem .5rem 0; }
.key { display: inline-block; width: .8em; height: .8em; border-radius: 2px; margin-right: .4em; background: currentColor; }
.panels { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(17rem, 100%), 1fr)); gap: 1.5rem; }
.panel { padding: 0 1rem 0 3.2rem; min-width: 0; }
.panel .label { display: block; margin: 0 0 .6rem -2.7rem; }
.panel svg { display: block; overflow: visible; }
svg text { font: 12px system-ui, sans-serif; fill: var(--faint); font-variant-numeric: tabular-nums; }
.track { stroke: var(--line); stroke-width: 1; }
.grid { stroke: var(--line); stroke-width: 1; }
.zero { stroke: var(--faint); stroke-width: 1; }
.range { stroke-width: 4; stroke-linecap: round; }
.series { stroke-width: 2; }
.range.first, .series.first { stroke: var(--first); }
.series.second { stroke: var(--second); }
.range.helped { stroke: var(--helped); } .range.hurt { stroke: var(--hurt); }
.dot.first { fill: var(--first); } .dot.second { fill: var(--second); }
.dot.helped { fill: var(--helped); } .dot.hurt { fill: var(--hurt); }
.hollow { fill: var(--ground); stroke-width: 2; }
.hollow.helped { stroke: var(--helped); } .hollow.hurt { stroke: var(--hurt); }
rect.noise { fill: var(--noise); }
rect.always { fill: var(--always); } rect.mostly { fill: var(--mostly); } rect.rarely { fill: var(--rarely); }
rect.never { fill: var(--never); } rect.unknown { fill: var(--unknown); }
svg .in-always, svg .in-never { fill: var(--on-dark); }
svg .in-mostly, svg .in-rarely, svg .in-unknown { fill: var(--on-light); }
.key.first { background: var(--first); } .key.second { background: var(--second); }
.key.helped { background: var(--helped); } .key.hurt { background: var(--hurt); } .key.noise { background: var(--noise); border: 1px solid var(--line); }
.key.hollow { background: none; border: 2px solid var(--faint); border-radius: 50%; }
.key.always { background: var(--always); } .key.mostly { background: var(--mostly); } .key.rarely { background: var(--rarely); }
.key.never { background: var(--never); } .key.unknown { background: var(--unknown); }
.scroll { overflow-x: auto; margin: .5rem 0; }
table { border-collapse: collapse; width: 100%; font-size: .88rem; }
th, td { padding: .35rem .6rem; border-bottom: 1px solid var(--line); vertical-align: top; }
th { color: var(--faint); font-weight: 600; vertical-align: bottom; }
.text { text-align: left; min-width: 9rem; overflow-wrap: anywhere; }
.number { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
th.number { white-space: normal; }
@media (max-width: 40rem) { .narrow .number { white-space: normal; } }
details { margin: .5rem 0; }
summary { cursor: pointer; overflow-wrap: anywhere; }
li { overflow-wrap: anywhere; }
a, summary { color: var(--first); }
@media print { details::details-content { content-visibility: visible; } }
`;
