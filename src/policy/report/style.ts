/** The style of the report: light and dark by the reader's choice, black on white on paper. Colour never says anything alone. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --ground: light-dark(#f6f5f1, #121315);
  --surface: light-dark(#ffffff, #1b1d20);
  --ink: light-dark(#1b1d1f, #eceded);
  --quiet: light-dark(#565a61, #a9aeb5);
  --line: light-dark(#dedbd3, #33363b);
  --accent: light-dark(#1f5f5b, #7fc8c0);
  --good: light-dark(#1b6a3e, #86d3a6);
  --good-ground: light-dark(#e6f3ea, #14271c);
  --bad: light-dark(#98261f, #f5aaa1);
  --bad-ground: light-dark(#fae8e5, #361b18);
  --wait: light-dark(#7a4d00, #eac27a);
  --wait-ground: light-dark(#faf0dc, #2e2413);
  --heat-1: light-dark(#fbeee2, #2b211b);
  --heat-2: light-dark(#f6d8bf, #42291d);
  --heat-3: light-dark(#efbb98, #5e311f);
  --heat-4: light-dark(#e59a74, #7c3822);
  --heat-5: light-dark(#d97a57, #9a3f26);
  --heat-all: light-dark(#7d1d16, #f0b3a8);
  --on-heat-all: light-dark(#ffffff, #2b0d09);
  --mono: ui-monospace, "SF Mono", "Cascadia Mono", "DejaVu Sans Mono", Menlo, Consolas, monospace;
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif;
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink); }
header, main { max-width: 70rem; margin: 0 auto; padding: 1.25rem; }
header { padding-bottom: 0; }
h1 { font-size: 1.9rem; line-height: 1.2; margin: 0 0 .75rem; overflow-wrap: anywhere; }
h2 { font-size: 1.3rem; margin: 0 0 .75rem; }
h3 { font-size: 1.05rem; margin: 1.25rem 0 .5rem; }
h4 { font-size: .95rem; margin: 1rem 0 .4rem; }
p { margin: .4rem 0; max-width: 52rem; }
p, li, h3 { overflow-wrap: break-word; }
section { background: var(--surface); border: 1px solid var(--line); border-radius: .6rem; padding: 1.25rem; margin-bottom: 1.25rem; }
a { color: var(--accent); text-underline-offset: .15em; }
a:focus-visible, summary:focus-visible, .scroll:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
code, pre { font-family: var(--mono); font-size: .88em; overflow-wrap: anywhere; }
pre { margin: .4rem 0; padding: .75rem; background: var(--ground); border-radius: .4rem; white-space: pre-wrap; }
small, .quiet { color: var(--quiet); font-size: .875rem; }
.facts { display: flex; flex-wrap: wrap; gap: .35rem 2rem; margin: 0; }
.facts dt { color: var(--quiet); font-size: .8rem; }
.facts dd { margin: 0; overflow-wrap: anywhere; }
nav ul { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; list-style: none; margin: 1rem 0 0; padding: 0; }
.verdict { font-size: 1.1rem; padding: .6rem .9rem; border-radius: .4rem; max-width: none; }
.verdict.good { background: var(--good-ground); color: var(--good); }
.verdict.bad { background: var(--bad-ground); color: var(--bad); }
.tiles { display: flex; flex-wrap: wrap; gap: .75rem; list-style: none; margin: .75rem 0 1rem; padding: 0; }
.tiles li { border: 1px solid var(--line); border-radius: .5rem; padding: .5rem .9rem; min-width: 7rem; }
.tiles b { display: block; font-size: 1.5rem; line-height: 1.2; }
.tiles .bad b { color: var(--bad); }
.tiles .wait b { color: var(--wait); }
.tiles .good b { color: var(--good); }
.badge { display: inline-block; font-size: .78rem; font-weight: 600; padding: .05rem .5rem; border-radius: 1rem; border: 1px solid currentColor; }
.badge.bad, .badge.forbid { color: var(--bad); background: var(--bad-ground); }
.badge.wait, .badge.require { color: var(--wait); background: var(--wait-ground); }
.badge.allow { color: var(--good); background: var(--good-ground); }
.cards { list-style: none; margin: 0; padding: 0; }
.card { border: 1px solid var(--line); border-left: .3rem solid var(--line); border-radius: .4rem; padding: .75rem 1rem; margin: .75rem 0; }
.card h3 { margin: 0 0 .3rem; }
.card.error { border-left-color: var(--bad); }
.card.warning { border-left-color: var(--wait); }
.suggestion { border-top: 1px solid var(--line); margin-top: .75rem; }
.changes { list-style: none; padding: 0; }
.changes .gone b { color: var(--bad); }
.changes .new b { color: var(--good); }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; margin: .5rem 0 1rem; }
caption { text-align: left; color: var(--quiet); font-size: .875rem; padding-bottom: .35rem; }
th, td { text-align: left; vertical-align: top; padding: .4rem .65rem; border: 1px solid var(--line); }
th { font-weight: 600; }
thead th { background: var(--ground); font-size: .875rem; }
.heat td { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
.heat td small { display: block; color: inherit; }
.heat td a { color: inherit; }
.heat th small { display: block; font-weight: 400; }
.heat-1 { background: var(--heat-1); }
.heat-2 { background: var(--heat-2); }
.heat-3 { background: var(--heat-3); }
.heat-4 { background: var(--heat-4); }
.heat-5 { background: var(--heat-5); font-weight: 600; }
.heat-all { background: var(--heat-all); color: var(--on-heat-all); font-weight: 700; }
.heat-unknown { background: repeating-linear-gradient(135deg, transparent 0 .45rem, var(--line) .45rem .6rem); font-style: italic; }
figure { margin: 1rem 0; max-width: 52rem; }
figcaption { font-weight: 600; font-size: .95rem; }
svg { width: 100%; height: auto; display: block; }
svg text { font-size: 12px; fill: var(--ink); }
svg .axis { fill: var(--quiet); }
.grid { stroke: var(--line); }
.line { fill: none; stroke-width: 2.5; }
.hollow { fill: var(--surface); stroke-width: 2; }
svg .label { font-weight: 600; stroke: none; }
.series-0 { --series: light-dark(#98261f, #f2958a); }
.series-1 { --series: light-dark(#1f5f5b, #7fc8c0); stroke-dasharray: 8 4; }
.series-2 { --series: light-dark(#6a3d9a, #c8a6f0); stroke-dasharray: 2 4; }
.series-3 { --series: light-dark(#7a4d00, #eac27a); stroke-dasharray: 12 4 2 4; }
.series-4 { --series: light-dark(#23518f, #94bdf3); stroke-dasharray: 4 2; }
.line, .hollow { stroke: var(--series); }
.dot { fill: var(--series); }
.dot, .hollow { stroke-dasharray: none; }
svg .label { fill: var(--series); }
details { margin: .35rem 0; }
summary { cursor: pointer; color: var(--accent); }
.taking details { margin-left: 1.2rem; }
.taking > summary { font-weight: 600; }
.taking summary { color: var(--ink); }
.effects { margin: .2rem 0; padding-left: 1.2rem; overflow-wrap: anywhere; }
.steps > li { margin-bottom: .4rem; }
.rules > div { border-top: 1px solid var(--line); padding: .6rem 0; display: grid; grid-template-columns: minmax(9rem, 14rem) 1fr; gap: .25rem 1rem; }
.rules dt code { display: block; overflow-wrap: anywhere; }
.rules dd { margin: 0; overflow-wrap: anywhere; }
.rules ul { margin: .2rem 0; padding-left: 1.2rem; }
:target { scroll-margin-top: 1rem; outline: 2px solid var(--accent); outline-offset: 4px; border-radius: .2rem; }
@media (max-width: 40rem) { .rules > div { grid-template-columns: 1fr; } }
@media print {
  :root { color-scheme: light; font-size: 10.5pt; --ground: #fff; }
  header, main { max-width: none; padding: 0; }
  header { padding-bottom: 1rem; }
  nav { display: none; }
  section { border: 0; padding: 0; margin: 0 0 1.5rem; }
  .scroll { overflow: visible; }
  .heat td { white-space: normal; overflow-wrap: anywhere; }
  th, td { padding: .25rem .4rem; overflow-wrap: anywhere; }
  thead { display: table-header-group; }
  tr, .card, figure, .rules > div, li { break-inside: avoid; }
  h2, h3, h4 { break-after: avoid; }
  [class^="heat-"], .badge, .verdict, thead th { print-color-adjust: exact; }
  a { color: inherit; text-decoration: none; }
  .witness details, .steps details { display: none; }
  summary { list-style: none; }
  .card > details::details-content { content-visibility: visible; block-size: auto; }
}
`;
