// Opens every page of the mall in both themes and languages and at three widths: axe finds nothing, nothing is wider than
// the screen, nothing is logged as an error. `node test/look.mjs [--shots DIR] [--only NAME]`; it prints one JSON object.
import { readFileSync, mkdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { chromium } from 'playwright-core'
import { start } from './server.mjs'

const here = dirname(fileURLToPath(import.meta.url))
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const option = name => { const n = process.argv.indexOf('--' + name); return n < 0 ? undefined : process.argv[n + 1] }
const shots = option('shots'), only = option('only')?.split(',')
const widths = option('widths')?.split(',').map(Number) ?? [360, 820, 1440]

const pages = {
  home: '/', items: '/items', filtered: '/items?affordable=true&kind=physical', item: '/items/mug', bundle: '/items/tea-set', poor: '/items/headphones', tier: '/items/hotel-night', sold: '/items/video',
  confirm: '/items/mug/confirm?quantity=2', 'confirm-refused': '/items/headphones/confirm', order: '/order', redemptions: '/redemptions', created: '/redemptions/r-created', shipped: '/redemptions/r-shipped', code: '/redemptions/r-code?new=1', booking: '/redemptions/r-booking', delivered: '/redemptions/r-delivered',
  refused: '/redemptions/r-refused', points: '/points', leaderboard: '/leaderboard', messages: '/messages', addresses: '/addresses', me: '/me', help: '/help', missing: '/nowhere', foreign: '/redemptions/somebody-elses',
}
// What opens over a page: a button to press and what then must be there.
const dialogs = { 'add-address': ['/addresses', '添加地址', 'Add an address'], 'rate-dialog': ['/redemptions/r-delivered', '评价', 'Rate it'], 'return-dialog': ['/redemptions/r-delivered', '申请退货', 'Return it'], 'cancel-dialog': ['/redemptions/r-created', '取消兑换', 'Cancel'] }

const server = await start(join(here, '..', 'dist'))
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox'] })
const findings = []
let looked = 0
if (shots) mkdirSync(shots, { recursive: true })

async function look(page, name, where) {
  looked++
  const found = await page.evaluate(async () => (await window.axe.run(document, { resultTypes: ['violations'] })).violations.map(v => `${v.id}: ${v.nodes.slice(0, 3).map(n => n.target.join(' ') + ' ' + (n.any[0]?.message ?? '')).join(' | ')}`))
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
  for (const f of found) findings.push(`${where} ${name}: ${f}`)
  if (wide > 0) findings.push(`${where} ${name}: ${wide} px wider than the screen`)
  if (shots) await page.screenshot({ path: join(shots, `${name}-${where}.png`), fullPage: true })
}

for (const width of widths) for (const theme of ['light', 'dark']) {
  const language = theme === 'dark' && width === 820 ? 'en' : 'zh-CN'
  const context = await browser.newContext({ viewport: { width, height: width === 360 ? 740 : 900 }, colorScheme: theme, reducedMotion: 'reduce', bypassCSP: false })
  await context.addInitScript(axe)
  const page = await context.newPage(), where = `${width}-${theme}`
  page.on('console', m => { if (m.type() === 'error' && !/status of (404|409)/.test(m.text())) findings.push(`${where} console: ${m.text()}`) })
  page.on('pageerror', e => findings.push(`${where} error: ${e.message}`))
  if (!only || only.includes('signin')) { await page.goto(`${server.url}/?lang=${language}`); await page.waitForSelector('h1'); await look(page, 'signin', where) }
  await page.goto(`${server.url}/?lang=${language}#token=t`)
  await page.waitForSelector('.balance')
  for (const [name, path] of Object.entries(pages)) {
    if (only && !only.includes(name)) continue
    server.state.unread = 2
    await page.goto(`${server.url}/?lang=${language}#${path}`)
    await settle(page)
    await look(page, name, where)
  }
  for (const [name, [path, zh, en]] of Object.entries(dialogs)) {
    if (only && !only.includes(name)) continue
    await page.goto(`${server.url}/?lang=${language}#${path}`)
    await settle(page)
    await page.getByRole('button', { name: language === 'en' ? en : zh, exact: true }).first().click()
    await page.waitForSelector('dialog[open]')
    await look(page, name, where)
    await page.keyboard.press('Escape')
  }
  await context.close()
}
await browser.close()
server.close()
console.log(JSON.stringify({ looked, findings }, null, 1))
process.exit(0)

async function settle(page) {
  await page.waitForSelector('main h1', { state: 'attached' })
  await page.waitForFunction(() => !document.querySelector('[aria-busy="true"]'))
  await page.waitForLoadState('networkidle')
}
