// The balance of a member in a shop's own page (R32), with a link to the mall:
//
//   <script src="https://…/badge.js" data-token="…" data-lang="zh-CN"></script>
//
// The badge stands where the script stands. data-lang is zh-CN (default) or en; data-colour a colour for the text;
// data-mall where the link leads, by default the mall beside badge.js. A page that changes the token sends the event
// jifen:token to the document, with it as detail. What the badge shows is closed off from the page's styles.
const script = document.currentScript as HTMLScriptElement | null

const texts = {
  'zh-CN': { balance: (n: string) => `${n} 积分`, says: (n: string) => `可用积分 ${n}，打开积分商城`, none: '积分商城' },
  en: { balance: (n: string) => `${n} points`, says: (n: string) => `${n} points to spend, open the points mall`, none: 'Points mall' },
}

const style = `:host{display:inline-block}a{display:inline-flex;align-items:center;gap:6px;min-height:32px;padding:4px 12px;border:1px solid currentColor;border-radius:999px;
color:inherit;font:600 14px/1.4 system-ui,sans-serif;font-variant-numeric:tabular-nums;text-decoration:none;white-space:nowrap}a:hover{text-decoration:underline}a:focus-visible{outline:3px solid currentColor;outline-offset:2px}svg{width:16px;height:16px}`
const icon = '<svg viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" aria-hidden="true"><circle cx="12" cy="12" r="9"/><path fill="currentColor" stroke="none" d="m12 7 1.500 3.200 3.500.4-2.600 2.400.7 3.500-3.100-1.800-3.100 1.800.7-3.500L7 10.600l3.500-.4z"/></svg>'

if (script) {
  const lang = script.dataset.lang === 'en' ? 'en' : 'zh-CN', text = texts[lang]
  const mall = script.dataset.mall ?? new URL('./', script.src).href
  const host = document.createElement('span')
  host.lang = lang
  if (script.dataset.colour) host.style.color = script.dataset.colour
  const root = host.attachShadow({ mode: 'open' })
  root.innerHTML = `<style>${style}</style><a>${icon}<span></span></a>`
  const link = root.querySelector('a')!, says = root.querySelector('span')!
  script.after(host)

  const show = async (token: string) => {
    link.href = token ? `${mall}#token=${encodeURIComponent(token)}` : mall
    says.textContent = text.none
    link.removeAttribute('aria-label')
    if (!token) return
    try {
      const res = await fetch(new URL('/v1/me/balance', script.src), { headers: { Authorization: 'Bearer ' + token, Accept: 'application/json' } })
      if (!res.ok) return
      const n = new Intl.NumberFormat(lang).format((await res.json()).available)
      says.textContent = text.balance(n)
      link.setAttribute('aria-label', text.says(n))
    } catch { /* the link is there all the same */ }
  }
  document.addEventListener('jifen:token', e => void show(String((e as CustomEvent).detail ?? '')))
  void show(script.dataset.token ?? '')
}

export {}
