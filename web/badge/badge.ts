// <script src="https://…/badge.js" data-token="…" data-lang="zh-CN"></script> shows a member's balance in a shop's page.
const script = document.currentScript as HTMLScriptElement | null
if (script) script.after(document.createElement('span'))
