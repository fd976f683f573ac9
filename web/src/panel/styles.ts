/** How the overlay looks. A constructed sheet: no content security policy forbids those. */

const CSS = `
:host {
  all: initial !important;
  position: fixed !important;
  inset: 0 auto auto 0 !important;
  display: block !important;
  width: 0 !important;
  height: 0 !important;
  overflow: visible !important;
  pointer-events: none !important;
  z-index: 2147483647 !important;
}
* { box-sizing: border-box; }
.root {
  --panel: #fff;
  --line: #cfcbc2;
  --text: #1d1f24;
  --quiet: #565a64;
  --accent: #b3391f;
  --on-accent: #fff;
  color: var(--text);
  font: 400 16px/1.45 system-ui, sans-serif;
  text-align: start;
}
@media (prefers-color-scheme: dark) {
  .root {
    --panel: #1e2128;
    --line: #434957;
    --text: #eceef2;
    --quiet: #adb3bf;
    --accent: #ffb454;
    --on-accent: #15171c;
  }
}
.said {
  position: absolute;
  width: 1px;
  height: 1px;
  overflow: hidden;
  clip-path: inset(50%);
  white-space: nowrap;
}
button {
  min-height: 44px;
  min-width: 44px;
  padding: 0 18px;
  border: 1px solid var(--line);
  border-radius: 10px;
  background: var(--panel);
  color: var(--text);
  font: inherit;
  font-weight: 600;
  cursor: pointer;
}
button:hover { border-color: var(--text); }
button:disabled { opacity: .55; cursor: default; }
button.primary { border-color: transparent; background: var(--accent); color: var(--on-accent); }
button.primary:hover { border-color: var(--on-accent); }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
h2:focus { outline: none; }

dialog {
  width: min(440px, calc(100vw - 32px));
  max-height: calc(100vh - 32px);
  margin: auto;
  padding: 24px;
  overflow: auto;
  border: 1px solid var(--line);
  border-radius: 16px;
  background: var(--panel);
  color: var(--text);
  box-shadow: 0 12px 48px rgb(0 0 0 / .3);
  pointer-events: auto;
}
dialog::backdrop { background: rgb(16 17 20 / .5); }
h2 { margin: 0 0 12px; font-size: 20px; line-height: 1.3; text-wrap: balance; overflow-wrap: anywhere; }
p { margin: 0 0 8px; color: var(--quiet); }
.answers { display: flex; flex-wrap: wrap; gap: 12px; margin-top: 20px; }
.answers button { flex: 1 1 140px; }

.banner {
  position: fixed;
  inset-block-end: max(16px, env(safe-area-inset-bottom));
  inset-inline: 16px;
  display: flex;
  flex-wrap: wrap;
  align-items: center;
  gap: 8px 12px;
  width: fit-content;
  max-width: calc(100vw - 32px);
  margin-inline: auto;
  padding: 8px 8px 8px 16px;
  border: 1px solid var(--line);
  border-radius: 16px;
  background: var(--panel);
  box-shadow: 0 4px 20px rgb(0 0 0 / .22);
  pointer-events: auto;
  touch-action: none;
  cursor: grab;
}
.banner:dir(rtl) { padding: 8px 16px 8px 8px; }
.banner.moved { inset: auto; margin: 0; }
.banner.held { cursor: grabbing; }
.banner .words { flex: 1 1 auto; max-width: 44ch; font-weight: 600; overflow-wrap: anywhere; }
.banner .state { color: var(--quiet); font-weight: 400; }
.banner .buttons { display: flex; flex-wrap: wrap; gap: 8px; }
.banner .size { padding: 0; border-color: transparent; background: none; color: var(--quiet); }
.banner .size:hover { color: var(--text); }
.banner .size svg { display: block; margin: auto; }
.dot { flex: none; width: 10px; height: 10px; border-radius: 50%; background: var(--accent); animation: breathe 2.4s ease-in-out infinite; }
.away .dot { background: var(--quiet); animation: none; }
.banner .short { display: none; font-weight: 600; }
.small .words, .small .act { display: none; }
.small .short { display: inline; }
@keyframes breathe { 50% { opacity: .35; } }

.marks { position: fixed; inset: 0; overflow: hidden; pointer-events: none; }
.strokes { position: absolute; inset: 0; width: 100%; height: 100%; }
.stroke { fill: none; stroke-width: 4; stroke-linecap: round; stroke-linejoin: round; transition: opacity .6s; }
.stroke.gone { opacity: 0; }
.cursor { position: absolute; top: 0; left: 0; transition: opacity .3s; color: var(--mine); }
.cursor.gone { opacity: 0; }
.cursor svg { display: block; filter: drop-shadow(0 1px 2px rgb(0 0 0 / .4)); }
.cursor span {
  position: absolute;
  top: 20px;
  left: 12px;
  max-width: 180px;
  padding: 1px 8px;
  overflow: hidden;
  border-radius: 8px;
  background: var(--mine);
  color: #fff;
  font-size: 13px;
  font-weight: 600;
  text-overflow: ellipsis;
  white-space: nowrap;
}
.spot, .hit {
  position: absolute;
  top: 0;
  left: 0;
  border: 4px solid var(--mine);
  border-radius: 50%;
}
.spot { width: 64px; height: 64px; margin: -32px; box-shadow: 0 0 0 3px #fff, inset 0 0 0 3px #fff; }
.spot::after {
  position: absolute;
  inset: -4px;
  border: 4px solid var(--mine);
  border-radius: 50%;
  content: "";
  animation: spread 1.4s ease-out infinite;
}
.hit { width: 28px; height: 28px; margin: -14px; animation: spread .7s ease-out forwards; }
@keyframes spread { to { opacity: 0; transform: scale(1.8); } }

@media (max-width: 520px) {
  .banner:not(.small) { width: auto; }
  .banner .words { flex: 1 1 160px; }
  .banner .buttons { flex: 1 1 100%; order: 1; }
  .banner .act { flex: 1 1 auto; }
}
@media (prefers-reduced-motion: reduce) {
  .dot, .spot::after { animation: none; }
  .hit { animation: none; }
  .cursor, .stroke { transition: none; }
}
`;

/** The sheet, made when the first overlay needs it. */
export function sheet(): CSSStyleSheet {
  const made = new CSSStyleSheet();
  made.replaceSync(CSS);
  return made;
}
