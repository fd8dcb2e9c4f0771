/** Of the reference page; both themes by the system's wish. */
export const referenceStyle = `
:root { color-scheme: light dark; --line: light-dark(#d8dde3, #30363d); --soft: light-dark(#f4f6f8, #161b22); --link: light-dark(#0550ae, #79c0ff); }
* { box-sizing: border-box; }
body { margin: 0; display: grid; grid-template-columns: 12rem minmax(0, 1fr); font: 15px/1.5 system-ui, sans-serif; background: light-dark(#fff, #0d1117); color: light-dark(#1c2128, #e6edf3); }
nav { position: sticky; top: 0; align-self: start; max-height: 100vh; overflow: auto; padding: 1.5rem 1rem; display: flex; flex-direction: column; gap: .25rem; border-inline-end: 1px solid var(--line); }
nav .home { font-weight: 600; margin-block-end: .5rem; }
a { color: var(--link); text-underline-offset: .2em; }
nav a { text-decoration: none; }
nav a:hover { text-decoration: underline; }
:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }
main { padding: 1.5rem 2rem 4rem; max-width: 62rem; }
h1 small { font-weight: 400; font-size: 1rem; opacity: .75; }
h2 { margin: 2.5rem 0 0; padding-block-end: .25rem; border-block-end: 1px solid var(--line); }
h3 { margin: 1.75rem 0 .25rem; font-size: 1rem; overflow-wrap: anywhere; }
h4 { margin: 1rem 0 .25rem; font-size: .875rem; }
p { margin: .25rem 0; }
.scope { font-size: .875rem; opacity: .8; }
.method { display: inline-block; min-width: 4.5em; padding: 0 .5em; border: 1px solid currentColor; border-radius: .25rem; font-size: .8125rem; text-align: center; }
.get { color: light-dark(#0a6640, #56d364); } .post { color: light-dark(#0550ae, #79c0ff); } .put { color: light-dark(#7a4a00, #e3b341); } .delete { color: light-dark(#a40e26, #ff7b72); }
code, pre { font: .875em/1.5 ui-monospace, monospace; }
pre { margin: .25rem 0; padding: .75rem; overflow: auto; max-height: 24rem; background: var(--soft); border: 1px solid var(--line); border-radius: .375rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: .875rem; }
th, td { padding: .3rem .6rem .3rem 0; text-align: start; vertical-align: top; border-block-end: 1px solid var(--line); }
dl { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: .15rem .75rem; margin: 0; font-size: .875rem; }
dd { margin: 0; }
tr:target { background: var(--soft); }
details { margin: .25rem 0; }
@media (max-width: 45rem) { body { display: block; } nav { position: static; flex-flow: row wrap; gap: .25rem .75rem; border: 0; padding: 1rem; } main { padding: 0 1rem 3rem; } }
`;
