// What the tests need of a browser: Debian's Chromium, driven by playwright-core; pictures, axe and measures of what a page
// is like to use.
import { createRequire } from 'node:module'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { slow } from './link.mjs'

const require = createRequire(import.meta.url)
const { chromium } = require('playwright-core')
const axeSource = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8')

export const sizes = {
  360: { width: 360, height: 740, phone: true },
  820: { width: 820, height: 1180, phone: true },
  1440: { width: 1440, height: 900, phone: false },
}

const artefacts = process.env.E2E_ARTEFACTS
mkdirSync(artefacts, { recursive: true })

export const launch = () => chromium.launch({
  executablePath: process.env.E2E_CHROMIUM,
  args: ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu', '--no-first-run', '--disable-background-networking'],
})

// open makes a page of a size; what it throws, and what its policy refuses, fails the run.
export async function open(browser, faults, { size = 360, dark = false, lang = 'zh-CN' } = {}) {
  const s = sizes[size]
  const context = await browser.newContext({
    viewport: { width: s.width, height: s.height }, hasTouch: s.phone, isMobile: s.phone, locale: lang,
    colorScheme: dark ? 'dark' : 'light', reducedMotion: 'reduce', timezoneId: 'Asia/Shanghai',
  })
  const page = await context.newPage()
  page.setDefaultTimeout(15_000)
  page.on('pageerror', e => faults.push(`${page.url()}: ${e.message}`))
  page.on('console', m => {
    if (m.type() === 'error' && /Content Security Policy|Uncaught/.test(m.text())) faults.push(`${page.url()}: ${m.text()}`)
  })
  page.on('response', r => { if (r.status() >= 500) faults.push(`${r.request().method()} ${r.url()}: ${r.status()}`) })
  const asked = new Set()
  page.on('request', r => asked.add(r))
  page.on('requestfinished', r => asked.delete(r))
  page.on('requestfailed', r => asked.delete(r))
  unanswered.set(page, asked)
  return page
}

const unanswered = new WeakMap() // requests by page

// state is what there is to see of a page, and what it waits for: what one needs to know of a run that failed.
export async function state(page) {
  const seen = await page.evaluate(() => (document.querySelector('main') ?? document.body).innerText).catch(e => e.message)
  const waits = [...unanswered.get(page)].map(r => `\n  waits for ${r.method()} ${r.url()}`)
  return `${page.url()}${waits.join('')}\n  ${seen.replaceAll(/\s+/g, ' ').slice(0, 600)}`
}

export async function shot(page, name) {
  await page.screenshot({ path: path.join(artefacts, `${name}.png`), fullPage: true })
}

// axe looks for what keeps people out (WCAG 2.2 A and AA, and axe's best practices).
export async function axe(page, name, faults) {
  await page.evaluate(axeSource)
  const result = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }))
  for (const v of result.violations) {
    faults.push(`axe on ${name}: ${v.id} (${v.impact}): ${v.help}; ${v.nodes.slice(0, 3).map(n => n.html.slice(0, 160)).join(' | ')}`)
  }
  return result.violations.length
}

// wide says whether a page can be scrolled sideways, which no page may at any size.
export async function wide(page, name, faults) {
  const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
  if (over > 0) faults.push(`${name} is ${over} px wider than the screen`)
}

// vitals loads a page, signed in, as a phone of the middle class does: a processor 4 times slower, 1.6 Mbit/s and 150 ms away.
export async function vitals(browser, url, page, token) {
  const link = await slow(url, { roundTrip: 150, down: 200_000, up: 93_750 })
  try {
    return await load(browser, `${link.url}/#${page}`, token)
  } finally {
    link.close()
  }
}

async function load(browser, url, token) {
  const context = await browser.newContext({ viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true, locale: 'zh-CN' })
  await context.addInitScript(t => sessionStorage.setItem('jifen.token', t), token)
  const page = await context.newPage()
  const cdp = await context.newCDPSession(page)
  await cdp.send('Network.enable')
  await cdp.send('Network.setCacheDisabled', { cacheDisabled: true })
  await cdp.send('Emulation.setCPUThrottlingRate', { rate: 4 })
  const bytes = { script: 0, style: 0, all: 0 }
  const kinds = new Map(), pending = new Map()
  cdp.on('Network.requestWillBeSent', e => pending.set(e.requestId, e.request.url))
  cdp.on('Network.responseReceived', e => kinds.set(e.requestId, e.type))
  cdp.on('Network.loadingFailed', e => pending.delete(e.requestId))
  cdp.on('Network.loadingFinished', e => {
    pending.delete(e.requestId)
    const kind = kinds.get(e.requestId)
    bytes.all += e.encodedDataLength
    if (kind === 'Script') bytes.script += e.encodedDataLength
    if (kind === 'Stylesheet') bytes.style += e.encodedDataLength
  })
  await page.addInitScript(() => {
    window.__vitals = { lcp: 0, cls: 0, blocked: 0 }
    new PerformanceObserver(l => { for (const e of l.getEntries()) window.__vitals.lcp = e.startTime })
      .observe({ type: 'largest-contentful-paint', buffered: true })
    new PerformanceObserver(l => { for (const e of l.getEntries()) if (!e.hadRecentInput) window.__vitals.cls += e.value })
      .observe({ type: 'layout-shift', buffered: true })
    new PerformanceObserver(l => { for (const e of l.getEntries()) window.__vitals.blocked += Math.max(0, e.duration - 50) })
      .observe({ type: 'longtask', buffered: true })
  })
  await page.goto(url, { waitUntil: 'commit', timeout: 60_000 })
  const v = await settled(page, () => pending.size), loading = [...pending.values()]
  await context.close() // it sends what was looked at
  return { lcp_ms: Math.round(v.lcp), cls: Math.round(v.cls * 1000) / 1000, blocked_ms: Math.round(v.blocked), bytes, loading }
}

// settled waits until something was painted, nothing is being loaded, and no figure has changed for two seconds, and is the
// figures then. A quiet network alone says nothing: a slow processor may still be busy with what came over it.
async function settled(page, loading) {
  let last = '', since = Date.now()
  for (const end = Date.now() + 60_000; ;) {
    const v = await page.evaluate(() => window.__vitals ?? { lcp: 0, cls: 0, blocked: 0 })
    const now = JSON.stringify(v)
    if (now !== last || loading() > 0 || v.lcp === 0) { last = now; since = Date.now() }
    if (Date.now() - since >= 2000 || Date.now() > end) return v
    await page.waitForTimeout(200)
  }
}

export const save = (name, value) => writeFileSync(path.join(artefacts, name), JSON.stringify(value, null, 2) + '\n')

// text is what an element shows, once it is there.
export async function text(locator) {
  await locator.first().waitFor()
  return (await locator.first().innerText()).trim()
}
