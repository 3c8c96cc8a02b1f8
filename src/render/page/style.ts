/** How a page looks: in light and in dark, on a phone and on paper. */
export const style = `
:root{color-scheme:light dark;--page:#fbfbfa;--card:#fff;--ink:#1c1e21;--soft:#62676e;--rule:#e3e4e6;--grid:#eceded;
--well:#1a7f4b;--back:#9a6700;--mixed:#c0362c;--refused:#57606a;--unknown:#57606a;
--before:#7ba0d4;--swap:#5b3fb8;--after:#5aa98c;--way:#d99a2b;--failed:#d0443a;--wait:#b9bdc3}
@media (prefers-color-scheme:dark){:root{--page:#141517;--card:#1b1d20;--ink:#e6e7e9;--soft:#9aa0a8;--rule:#2e3136;--grid:#26292d;
--well:#4cc38a;--back:#e0ac45;--mixed:#f2766b;--refused:#a2a9b1;--unknown:#a2a9b1;
--before:#5f87c0;--swap:#a48bf5;--after:#439478;--way:#c98f2e;--failed:#e5695f;--wait:#5a6068}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;-webkit-text-size-adjust:100%}
main{max-width:66rem;margin:0 auto;padding:2rem 1.5rem 3rem}
h1{font-size:1.5rem;line-height:1.3;font-weight:600;margin:.6rem 0 .4rem;overflow-wrap:anywhere;text-wrap:pretty}
h2{font-size:1rem;font-weight:600;margin:2.2rem 0 .7rem}
h3{font-size:.95rem;font-weight:600;margin:0}
p{margin:.4rem 0;overflow-wrap:anywhere}
ul{margin:.4rem 0;padding:0;list-style:none}
code,pre,.mono{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;font-size:.86em}
pre{margin:.6rem 0 0;padding:.7rem .9rem;background:var(--page);border:1px solid var(--rule);border-radius:6px;white-space:pre-wrap;overflow-wrap:anywhere;max-height:28rem;overflow-y:auto;line-height:1.45}
a{color:inherit}
.badge{display:inline-block;font-size:.8rem;font-weight:600;border:1px solid;border-radius:999px;padding:.05rem .65rem}
.well .badge{color:var(--well)}.back .badge{color:var(--back)}.mixed .badge{color:var(--mixed)}.refused .badge{color:var(--refused)}.unknown .badge{color:var(--unknown)}
.where{margin-left:.6rem;color:var(--soft)}
.soft{color:var(--soft)}
.whole{white-space:nowrap}
.facts{display:flex;flex-wrap:wrap;gap:1px;margin:1.5rem 0 0;background:var(--rule);border:1px solid var(--rule);border-radius:8px;overflow:hidden}
.facts div{background:var(--card);padding:.6rem .9rem;flex:1 1 6.4rem}.facts .wide{flex-basis:13.2rem}
.facts dt{font-size:.78rem;color:var(--soft);white-space:nowrap}
.facts dd{margin:0;font-variant-numeric:tabular-nums;overflow-wrap:anywhere}
.facts .id{font-size:.86em}
.card{background:var(--card);border:1px solid var(--rule);border-radius:8px;padding:.9rem 1.1rem;margin:.7rem 0}
.failure{border-left:3px solid var(--failed)}
.next code{display:block;padding:.1rem 0;white-space:pre-wrap;overflow-wrap:anywhere}
.chart{background:var(--card);border:1px solid var(--rule);border-radius:8px;padding:.8rem 1rem .7rem}
.row{display:grid;grid-template-columns:8rem minmax(0,1fr) 4.2rem;column-gap:.8rem;align-items:center;font-size:.82rem;line-height:1.35rem}
.name{white-space:nowrap;overflow:hidden;text-overflow:ellipsis}
.name.bad{color:var(--failed);font-weight:600}
.took{text-align:right;font-variant-numeric:tabular-nums;color:var(--soft);white-space:nowrap}
.sub{margin-top:.5rem;color:var(--soft);font-size:.78rem}
.axis{width:100%;height:34px;display:block;overflow:visible}
.axis text{font-size:11px;fill:var(--soft);font-variant-numeric:tabular-nums}
.axis .swap{fill:var(--swap);font-weight:600}.axis .back{fill:var(--back);font-weight:600}
.lane{width:100%;height:1.35rem;display:block}
.lane rect,.key rect{height:50%;y:25%;rx:1.5px}
line.grid{stroke:var(--grid)}
line.swap{stroke:var(--swap);stroke-opacity:.45}line.back{stroke:var(--back);stroke-opacity:.45}
rect.before{fill:var(--before)}rect.swap{fill:var(--swap)}rect.after{fill:var(--after)}rect.back{fill:var(--way)}rect.failed{fill:var(--failed)}rect.cut{fill:none;stroke:var(--soft);stroke-dasharray:2 2}
.lane rect.wait,.key rect.wait{height:2px;y:calc(50% - 1px);fill:var(--wait)}
.lane rect.gap,.key rect.gap{height:100%;y:0;fill:var(--grid);rx:0}
.legend{display:flex;flex-wrap:wrap;gap:.2rem 1.1rem;margin:.6rem 0 0;font-size:.8rem;color:var(--soft)}
.legend li{display:flex;align-items:center;gap:.4rem}
.key{width:16px;height:1.1rem}
.findings{margin:.7rem 0 0}
.findings li{overflow-wrap:anywhere}
.fleet{width:100%;border-collapse:collapse;font-size:.88rem}
.fleet th{font-weight:400;color:var(--soft);text-align:left;font-size:.78rem}
.fleet th,.fleet td{padding:.35rem .8rem .35rem 0;border-bottom:1px solid var(--rule);vertical-align:top;overflow-wrap:anywhere}
.fleet td:first-child{white-space:nowrap;overflow:hidden;text-overflow:ellipsis;max-width:14rem}
.fleet tr:last-child td{border-bottom:0}
.fleet .num{text-align:right;padding-right:0;white-space:nowrap;font-variant-numeric:tabular-nums}
.fleet .odd{color:var(--failed);font-weight:600}
.commits li{display:grid;grid-template-columns:4.6rem minmax(0,1fr);column-gap:.8rem;padding:.22rem 0;overflow-wrap:anywhere}
.commits .mono{color:var(--soft)}
details{background:var(--card);border:1px solid var(--rule);border-radius:8px;padding:.55rem 1.1rem;margin:.5rem 0}
summary{cursor:pointer;overflow-wrap:anywhere}
summary .soft{font-size:.88rem}
footer{margin-top:2.6rem;padding-top:.9rem;border-top:1px solid var(--rule);font-size:.82rem;color:var(--soft);overflow-wrap:anywhere}
@media (max-width:40rem){main{padding:1.2rem 1rem 2rem}h1{font-size:1.25rem}.where{display:block;margin:.4rem 0 0}
.chart{padding:.6rem .7rem}.row{grid-template-columns:4.6rem minmax(0,1fr) 3.3rem;column-gap:.5rem;font-size:.75rem}
.fleet .hide{display:none}.fleet td:first-child{max-width:6rem}}
@media print{pre{max-height:none}details,.card,.chart{break-inside:avoid}}
`
