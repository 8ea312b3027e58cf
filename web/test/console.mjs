// The console over answers of our own: for looking at its pages and for axe, without a pipeline behind.
//
//   node test/console.mjs DIST                 serve it on a free port until it is ended
//   node test/console.mjs DIST --look DIR      visit every page at three widths, light and dark: axe, no fault in the
//                                              browser's console, nothing wider than the screen; screenshots go to DIR
import { createServer } from 'node:http'
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { dirname, extname, join, normalize } from 'node:path'
import { fileURLToPath } from 'node:url'

const here = dirname(fileURLToPath(import.meta.url))
const day = 86400000
const at = days => new Date(Date.now() + days * day).toISOString()
const book = readFileSync(join(here, '../../rulebooks/retail.yaml'), 'utf8')
const schema = JSON.parse(readFileSync(join(here, '../../rulebooks/rulebook.schema.json'), 'utf8'))

const item = (id, zh, en, more = {}) => ({
  id, name: { zh, en }, description: { zh: zh + '的介绍', en: 'About ' + en }, instructions: {}, kind: 'physical', price: 1200, tier_prices: { gold: 1000 }, tiers: [],
  limit: { times: 2, per: 'month' }, stock: 50, free: 42, reserved: 3, sold: 5, on_sale: true, categories: ['home'], zones: [], pictures: [], fulfilment: 'shipping', ...more,
})
const items = [
  item('mug', '马克杯', 'Mug'), item('film', '电影票', 'Film ticket', { kind: 'virtual', fulfilment: 'codes', codes_left: 4, codes_low: 10 }),
  item('massage', '肩颈按摩', 'Massage', { kind: 'service', fulfilment: 'booking', booking_url: 'https://book.example/1' }),
  item('weekend', '周末套装', 'Weekend bundle', { kind: 'bundle', components: [{ item: 'mug', quantity: 2 }, { item: 'film', quantity: 1 }] }),
  item('lamp', '小夜灯', 'Night lamp', { free: 1, on_sale: true, rating: { average: '2.1', count: 9 } }), item('towel', '浴巾', 'Towel', { on_sale: false }),
]
const redemption = (id, more = {}) => ({
  id, state: 'created', item: 'mug', name: '马克杯', kind: 'physical', quantity: 1, points: 1200, created_at: at(-1), parts: [{ item: 'mug', name: '马克杯', quantity: 1, fulfilment: 'shipping' }],
  steps: [], returns: [], problems: [], lots: [], can: [], ...more,
})
const queues = {
  ship: [redemption('r-1'), redemption('r-2')], fulfil: [redemption('r-3', { parts: [{ item: 'massage', name: '肩颈按摩', quantity: 1, fulfilment: 'booking' }] })],
  deliver: [redemption('r-4', { state: 'shipped', tracking: { carrier: 'SF', number: 'SF1029384756' } })],
  returns: [redemption('r-5', { state: 'delivered', returns: [{ id: 'b-1', kind: 'return', quantity: 1, reason: 'damaged', state: 'requested', at: at(-1) }] })],
  problems: [redemption('r-6', { state: 'fulfilled', problems: [{ id: 'p-1', reason: 'already_used', state: 'open', at: at(-1) }] })],
}
const counts = Object.fromEntries(Object.entries(queues).map(([k, v]) => [k, v.length]))
const letter = (n, more = {}) => ({ id: `shop.orders.v1:0:${n}`, topic: 'shop.orders.v1', partition: 0, offset: n, at: at(-n / 10), reason: 'RANGE', message: 'data.lines[0].net is -5', group: 'jifen.credits', key: 'm' + n, value: '{"order":"O1","lines":[{"net":-5}]}', encoding: 'text', bytes: 36, replayed: false, ...more })

// The same answers whatever was sent before: every page can be looked at alone.
const gets = {
  '/session': { id: 'ann', roles: ['merchant', 'marketing', 'support', 'approver', 'operator', 'auditor', 'staff'], language: 'zh-CN' },
  '/operations': {
    stages: ['credits', 'balances', 'coupons', 'notices'].map((n, i) => ({ name: 'jifen.' + n, lag: i === 1 ? 31000 : i })), redis_fresh: true, clickhouse: true, clickhouse_lag: 12,
    shards: Array.from({ length: 8 }, (_, i) => ({ shard: i, seq: 1000 + i, fresh: i !== 3, owner_lag: i })), audit: { state: 'done', started_at: at(-1), at: at(-1), entries: 120000, members: 4000, differences: 1, found: ['redis, shard 3: member m7 available is 5, the ledger says 6'] },
  },
  '/catalogue': { items }, '/campaigns': { campaigns: [{ id: 'anniversary', on: 'redeem', name: '周年庆八折', state: 'running', from: at(-1), to: at(2), price: '0.8', items: 'all', entrance: true }, { id: 'double', on: 'earn', name: '双倍积分', state: 'upcoming', from: at(5), multiplier: '2', entrance: false }] },
  '/late-events': { events: [{ id: 'shop.orders.v1:0:3', type: 'shop.order.paid.v1', event: 'paid-1', member: 'm1', occurred_at: at(-40), refused_at: at(-1), state: 'waiting' }, { id: 'shop.orders.v1:0:4', type: 'shop.order.paid.v1', event: 'paid-2', member: 'm2', occurred_at: at(-40), refused_at: at(-1), state: 'proposed', proposed_by: 'bob', why: 'T-1' }] },
  '/retro-runs': { runs: [{ id: 'r1', version: '2026-05', from: at(-60), to: at(-30), state: 'proposed', steps: [{ what: 'proposed', by: 'bob', at: at(-1), why: 'T-2' }] }] },
  '/adjustments': { adjustments: [{ member: 'm1', id: 'a1', state: 'proposed', points: 6000, reason: 'goodwill', evidence: 'T-8', actor: 'bob', adjusted_at: at(-1) }, { member: 'm2', id: 'a2', state: 'proposed', points: -300, freeze: 'f2', reason: 'abuse', evidence: 'T-9', actor: 'bob', adjusted_at: at(-1) }], members: 2 },
  '/freezes': { freezes: [{ member: 'm1', id: 'f1', state: 'open', scope: 'account', reason: 'abuse', evidence: 'T-9', actor: 'bob', frozen_at: at(-2), review_by: at(-1), overdue: true }, { member: 'm2', id: 'f2', state: 'open', scope: 'lots', lots: ['1', '4'], reason: 'velocity', evidence: 'T-10', actor: 'jifen.abuse', frozen_at: at(-2), review_by: at(3), appeal: 'T-11' }], members: 2, next_cursor: 'c' },
  '/reports/items': { from: at(-29).slice(0, 10), items: [
    { item: 'mug', name: { zh: '马克杯', en: 'Mug' }, on_sale: true, free: 0, rating: { average: '4.6', count: 31 }, views: 820, redemptions: 96, units: 102, points: 122400, returned: 3, sold_out: 41 },
    { item: 'lamp', name: { zh: '小夜灯', en: 'Night lamp' }, on_sale: true, free: 12, rating: { average: '2.1', count: 9 }, views: 300, redemptions: 20, units: 20, points: 24000, returned: 7, sold_out: 0 },
    { item: 'film', name: { zh: '电影票', en: 'Film ticket' }, on_sale: true, free: 4, views: 150, redemptions: 0, units: 0, points: 0, returned: 0, sold_out: 0 }, { item: 'towel', on_sale: false, free: 0, views: 0, redemptions: 0, units: 0, points: 0, returned: 0, sold_out: 0 }] },
  '/reports/campaigns': { from: at(-29).slice(0, 10), campaigns: [{ campaign: 'anniversary', before: { visitors: 0, redeemers: 80, redemptions: 112, points: 134400 }, days: [[-4, 300, 14], [-2, 420, 31], [-1, 380, 22], [0, 90, 6]].map(([d, visitors, redemptions]) => ({ day: at(d).slice(0, 10), visitors, redeemers: redemptions - 1, redemptions, points: redemptions * 960 })) }] },
  '/rules': { versions: [{ name: 'retail', version: '2026-07', from: at(20), state: 'coming' }, { name: 'retail', version: '2026-05', from: at(-30), state: 'in_force' }] }, '/rules/schema': schema,
  '/dead-letters': { dead_letters: [letter(1), letter(2, { reason: 'TOO_OLD', state: 'replayed', replayed: true }), letter(3, { value: 'AAEC', encoding: 'base64', again: true })], next_cursor: 'c' },
  '/audit': { records: [{ at: at(-1), by: 'bob', what: 'adjust', outcome: 'applied', why: 'goodwill', account: 'member:m1', before: { available: 5 }, after: { available: 25 } }] },
  '/ratings': { ratings: [{ stars: 2, comment: '灯光太暗', at: at(-2), member: 'm1', item: 'lamp', redemption: 'r-9' }] },
  '/settings': { name: { zh: '示例商城', en: 'Example shop' }, colours: { primary: '#1d5fd1', accent: '#c2410c' }, contact: { phone: '400-000-0000' }, stores: [{ id: 's1', name: { zh: '一店' }, address: '示例路 1 号', phone: '010-0000' }] },
}
function answer(method, url, body) {
  const path = url.pathname.slice(3)
  if (method === 'GET') {
    if (gets[path]) return [200, gets[path]]
    if (path === '/fulfilment') return [200, { redemptions: (queues[url.searchParams.get('queue')] ?? []).map(r => ({ member: 'm1', redemption: r })), counts }]
    if (path.startsWith('/catalogue/')) return [200, items.find(i => i.id === path.slice(11)) ?? items[0], { ETag: '"3"' }]
    if (path.startsWith('/rules/')) return [200, { version: path.slice(7), yaml: book }]
    if (path.endsWith('/address')) return [200, { name: '张三', phone: '13800000000', province: '上海市', city: '上海市', district: '静安区', street: '示例路 2 号', postcode: '200040', country: 'CN' }]
    if (path.endsWith('/balance')) return [200, { member: 'm1', available: 6120, pending: 40, frozen: 0, debt: 0, tier: 'gold', as_of: at(0), next_expiries: [] }]
    if (path.endsWith('/entries')) return [200, { entries: [{ id: 'e1', seq: 9, kind: 'granted', points: 43, occurred_at: at(-2), recorded_at: at(-2), rule: 'spend-basic', version: '2026-05', explanation: '规则 spend-basic（版本 2026-05）：每 ¥10.00 得 1 积分，¥430.00 → 43 积分', lots: [] }, { id: 'e0', seq: 8, kind: 'redeemed', points: -1200, occurred_at: at(-3), recorded_at: at(-3), explanation: '兑换 马克杯', lots: [] }], as_of: at(0) }]
    if (path.endsWith('/freezes')) return [200, { freezes: [{ id: 'f1', state: 'open', scope: 'account', reason: 'abuse', evidence: 'T-9', actor: 'bob', frozen_at: at(-2), review_by: at(-1), overdue: true }] }]
    if (path.endsWith('/adjustments')) return [200, { adjustments: [{ id: 'a1', state: 'proposed', points: 500, reason: 'goodwill', evidence: 'T-8', actor: 'bob', adjusted_at: at(-1) }] }]
    if (path.endsWith('/redemptions')) return [200, { redemptions: queues.ship }]
    if (path.endsWith('/expiries')) return [200, { expiries: [{ points: 100, expires_at: at(30), last_day: at(29).slice(0, 10) }] }]
  }
  if (path === '/rules/lint') return [200, body.yaml.includes('Nowhere') ? { faults: [{ line: 7, column: 13, message: 'spec.timezone: there is no zone "Asia/Nowhere"', expected: 'an IANA time zone such as Asia/Shanghai' }] } : { name: 'retail', version: '2026-05', from: at(1), faults: [] }]
  if (path === '/rules/test') return [200, { version: '2026-05', steps: [{ event: 'e-1', type: 'shop.order.paid.v1', member: 'm1', at: at(1), outcome: 'applied', entries: [{ account: 'member:m1', kind: 'granted', rule: 'spend-basic', points: 20, why: '每 ¥10.00 得 1 积分' }], after: { available: 20, pending: 0, frozen: 0, debt: 0, tier: 'normal' } }] }]
  if (path === '/rules/diff') return [200, { against: '2026-05', changes: [{ change: 'changed', thing: 'rule', id: 'spend-basic', fields: [{ field: 'earn', old: '1 per ¥10', new: '2 per ¥10' }] }] }]
  if (method === 'PATCH') return [412, { type: 'urn:jifen:problem:precondition_failed', title: '已被他人修改', status: 412, code: 'precondition_failed', detail: '' }]
  return [200, {}]
}
const kinds = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml' }
const policy = "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: https:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"

export function serveConsole(dist) {
  const server = createServer(async (req, res) => {
    const url = new URL(req.url, 'http://x')
    if (url.pathname.startsWith('/v1/')) {
      let sent = ''
      for await (const part of req) sent += part
      let body = {}
      try { body = JSON.parse(sent || '{}') } catch { /* a CSV file */ }
      const [status, out, headers] = answer(req.method, url, body)
      res.writeHead(status, { 'Content-Type': status < 400 ? 'application/json' : 'application/problem+json', ...headers })
      return res.end(JSON.stringify(out))
    }
    let file = normalize(join(dist, url.pathname))
    if (url.pathname.endsWith('/')) file = join(file, 'index.html')
    if (!file.startsWith(normalize(dist)) || !existsSync(file)) { res.writeHead(404); return res.end() }
    res.writeHead(200, { 'Content-Type': kinds[extname(file)] ?? 'application/octet-stream', 'Content-Security-Policy': policy })
    res.end(readFileSync(file))
  })
  return new Promise(resolve => server.listen(0, '127.0.0.1', () => resolve({ url: `http://127.0.0.1:${server.address().port}/console/`, close: () => server.close() })))
}

export const pages = ['/', '/items', '/items/mug', '/items/film', '/items/+', '/campaigns', '/fulfilment?queue=ship', '/fulfilment?queue=returns', '/members', '/members/m1', '/approvals', '/reports', '/reports?of=campaigns', '/rules', '/dead-letters', '/audit', '/operations', '/settings']

async function look(dist, out) {
  const { chromium } = await import('playwright-core')
  const axe = readFileSync(join(here, '../node_modules/axe-core/axe.min.js'), 'utf8')
  const { url, close } = await serveConsole(dist)
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox'] })
  mkdirSync(out, { recursive: true })
  const wrong = []
  for (const [width, theme, locale] of [[1440, 'light', 'zh-CN'], [820, 'dark', 'en'], [360, 'light', 'en'], [1440, 'dark', 'zh-CN'], [360, 'dark', 'zh-CN']]) {
    const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme: theme, locale, reducedMotion: 'reduce' })
    await context.addInitScript(l => localStorage.setItem('jifen.console.lang', l), locale)
    const page = await context.newPage()
    page.on('console', m => { if (m.type() === 'error') wrong.push(`${page.url()} console: ${m.text()}`) })
    page.on('pageerror', e => wrong.push(`${page.url()} error: ${e.message}`))
    for (const p of pages) {
      await page.goto(url + '#' + p)
      await page.waitForSelector('main h1')
      await page.waitForFunction(() => !document.querySelector('[aria-busy=true]'))
      await page.waitForTimeout(p === '/rules' ? 1500 : 150)
      await check(page, axe, wrong, `${p} ${width} ${theme}`)
      await page.screenshot({ path: join(out, `${p.replace(/\W+/g, '_')}-${width}-${theme}.png`), fullPage: true })
    }
    await dialog(page, url, axe, wrong, `${width} ${theme}`, out)
    await context.close()
  }
  await browser.close()
  close()
  return wrong
}
async function check(page, axe, wrong, where) {
  await page.evaluate(axe)
  const found = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'] }))
  for (const v of found.violations) wrong.push(`${where} axe ${v.id}: ${v.nodes.slice(0, 3).map(n => n.target.join(' ') + ' | ' + n.html.slice(0, 160) + ' | ' + (n.any[0]?.message ?? '')).join('\n    ')}`)
  const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
  if (over > 0) wrong.push(`${where}: ${over} px wider than the screen`)
}
async function dialog(page, url, axe, wrong, where, out) {
  await page.goto(url + '#/fulfilment?queue=ship')
  await page.waitForSelector('tbody .el-button--primary')
  await page.click('tbody .el-button--primary')
  await page.waitForSelector('.el-dialog input')
  await page.waitForTimeout(400)
  await check(page, axe, wrong, 'dialog ' + where)
  await page.screenshot({ path: join(out, `dialog-${where.replace(' ', '-')}.png`) })
  await page.keyboard.press('Escape')
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [dist, flag, out] = process.argv.slice(2)
  if (flag === '--look') {
    const wrong = await look(dist, out)
    for (const x of wrong) console.log(x)
    console.log(`${pages.length} pages, ${wrong.length} faults`)
    process.exit(wrong.length ? 1 : 0)
  }
  console.log((await serveConsole(dist)).url)
}
