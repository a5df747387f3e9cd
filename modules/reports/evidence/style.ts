import { PAGE_STYLE } from "../findings-report/index.ts";

/** How the pages of an evidence folder look: as the page of an audit, with what is more here. */
export const STYLE = `${PAGE_STYLE}
h3 { font-size: 1rem; margin: 1.6rem 0 .3rem; break-after: avoid; }
h1, p, li { overflow-wrap: anywhere; }
a { color: inherit; }
table { table-layout: fixed; }
th, td { overflow-wrap: break-word; }
td:first-child, thead th:first-child { white-space: normal; }
tbody th { font-weight: 600; }
.fail, .not-tested, .waived { font-weight: 600; }
nav ul { display: flex; flex-wrap: wrap; gap: .2rem 1.2rem; list-style: none; padding: 0; margin: .6rem 0; }
.counts { display: flex; flex-wrap: wrap; gap: .8rem; padding: 0; margin: 1rem 0; }
.counts div { border: 1px solid var(--line); border-radius: 6px; padding: .5rem .9rem; min-width: 6rem; }
.counts dt { color: var(--soft); font-size: .85rem; }
.counts dd { margin: 0; font-size: 1.4rem; font-weight: 600; }
.verdict { border-left: .35rem solid var(--line); padding-left: .8rem; font-size: 1.05rem; font-weight: 600; }
.verdict.bad { border-color: var(--bad); }
figure { margin: 1rem 0; }
figure svg { display: block; width: 100%; height: auto; }
pre { background: var(--head); border: 1px solid var(--line); padding: .7rem .9rem; overflow-x: auto; font-size: .85rem; }
code { overflow-wrap: anywhere; }
@media screen { .scroll table { min-width: 52rem; } }
@media print {
  nav { display: none; }
  .scroll, pre { overflow: visible; }
  pre { white-space: pre-wrap; }
  figure { break-inside: avoid; }
}
`;
