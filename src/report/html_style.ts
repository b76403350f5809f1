/** The report's style sheet. It loads no fonts, scripts or pictures, and follows the reader's light or dark mode. */
export const REPORT_STYLE = `
:root {
  color-scheme: light dark;
  --page: #f5f6f8; --card: #ffffff; --ink: #171b21; --faint: #5d6773; --line: #dfe3e8;
  --series-1: #2f6bd0; --series-2: #cf6f1a; --series-3: #2f8f5b; --right: #24734a; --wrong: #b3441e;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #0e1115; --card: #171b21; --ink: #e7ebf0; --faint: #98a3b0; --line: #2b323b;
    --series-1: #6ea2f5; --series-2: #eb9a4d; --series-3: #5fc08d; --right: #66c793; --wrong: #f0906a;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink); font: 16px/1.5 system-ui, -apple-system, "Segoe UI", sans-serif; }
main { max-width: 1120px; margin: 0 auto; padding: 40px 24px 56px; }
h1 { font-size: 30px; line-height: 1.2; margin: 0 0 6px; letter-spacing: -0.015em; }
h2 { font-size: 19px; margin: 44px 0 14px; letter-spacing: -0.005em; }
p { margin: 0 0 12px; }
.faint { color: var(--faint); }
.lead { color: var(--faint); max-width: 74ch; }
.notice { display: inline-block; margin: 8px 0 0; padding: 5px 12px; border: 1px solid var(--line); border-radius: 99px; font-size: 14px; color: var(--faint); }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 18px; }
.numbers { display: grid; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); gap: 12px; margin: 26px 0 0; padding: 0; list-style: none; }
.numbers b { display: block; font-size: 27px; line-height: 1.2; font-weight: 650; font-variant-numeric: tabular-nums; letter-spacing: -0.01em; }
.numbers span { font-size: 14px; color: var(--faint); }
.cases { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 460px), 1fr)); gap: 16px; }
.case header { display: flex; align-items: baseline; gap: 10px; }
.case h3 { margin: 0; font-size: 18px; }
.case .share { font-size: 18px; font-variant-numeric: tabular-nums; }
.case .truth { margin-left: auto; font-size: 14px; }
.right { color: var(--right); }
.wrong { color: var(--wrong); }
.bar { height: 5px; border-radius: 3px; background: var(--line); margin: 10px 0 14px; overflow: hidden; }
.bar i { display: block; height: 100%; background: var(--series-1); }
.pictures { display: grid; grid-auto-flow: column; grid-auto-columns: minmax(0, 1fr); gap: 8px; }
figure { margin: 0; }
figure img { display: block; width: 100%; height: auto; border-radius: 6px; background: #000; }
figcaption { margin-top: 6px; font-size: 13px; color: var(--faint); }
.file { margin: 12px 0 0; font-size: 13px; color: var(--faint); overflow-wrap: anywhere; }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 420px), 1fr)); gap: 16px; }
.evaluation { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 310px), 1fr)); gap: 16px; }
svg { display: block; width: 100%; height: auto; max-height: 420px; }
table { width: 100%; border-collapse: collapse; }
th, td { text-align: left; padding: 8px 12px 8px 0; border-top: 1px solid var(--line); vertical-align: top; }
tr:first-child > * { border-top: 0; }
th { font-weight: 500; color: var(--faint); white-space: nowrap; }
td { overflow-wrap: anywhere; font-variant-numeric: tabular-nums; }
td small { display: block; color: var(--faint); font-size: 13px; }
footer { margin-top: 44px; padding-top: 18px; border-top: 1px solid var(--line); font-size: 14px; color: var(--faint); }
a { color: var(--series-1); }
@media (max-width: 560px) { main { padding: 24px 14px 40px; } th { white-space: normal; } }
@media print { body { background: #fff; } .card { break-inside: avoid; } }
`;
