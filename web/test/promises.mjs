// Drives the mall through what must hold: one key for one redemption whatever the connection does, words for refusals,
// focus and language, the token's ways. It prints {looked, findings}; each promise counts as a look.
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { chromium } from 'playwright-core'
import { start } from './server.mjs'

const dist = join(dirname(fileURLToPath(import.meta.url)), '..', 'dist')
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox'] })
const findings = []
let looked = 0
const only = process.argv[2]

// promise tries one thing on a fresh server and page, signed in.
async function promise(name, f, address = '/?lang=zh-CN#token=t') {
  if (only && !name.includes(only)) return
  looked++
  const server = await start(dist), context = await browser.newContext({ viewport: { width: 360, height: 740 }, permissions: ['clipboard-read', 'clipboard-write'] }), page = await context.newPage()
  page.setDefaultTimeout(20_000)
  try {
    if (address) { await page.goto(server.url + address); await page.waitForSelector('.balance') }
    await f({ page, server, state: server.state, context, at: path => page.goto(server.url + '/#' + path) })
  } catch (e) { findings.push(`${name}: ${e.message.split('\n').slice(0, 3).join(' ')}`) } finally { await context.close(); server.close() }
}
const check = (ok, what) => { if (!ok) throw new Error(what) }
const orders = state => state.seen.filter(r => r.method === 'POST' && r.path === 'redemptions')
async function redeem(page, at, item = 'mug') {
  await at(`/items/${item}/confirm`)
  await page.getByRole('button', { name: /^确认，支付/ }).click()
}

await promise('an item is redeemed, with key, quote and address', async ({ page, state, at }) => {
  await redeem(page, at)
  await page.getByRole('heading', { name: '兑换成功' }).waitFor()
  const [o] = orders(state)
  check(orders(state).length === 1 && o.key?.length >= 16, 'a key goes with it')
  check(o.body.quote === 'q' && o.body.address?.id === 'a1' && o.body.quantity === 1, JSON.stringify(o.body))
  check(await page.evaluate(() => !sessionStorage.getItem('jifen.order')), 'nothing is left to resume')
})
await promise('a code is shown and copied', async ({ page, at }) => {
  await redeem(page, at, 'voucher-50')
  await page.getByText('JF7K-29QX-M4TD').waitFor()
  await page.getByRole('button', { name: '复制' }).click()
  await page.getByText('已复制').waitFor()
  check(await page.evaluate(() => navigator.clipboard.readText()) === 'JF7K-29QX-M4TD', 'it is copied')
})
await promise('a connection lost in mid-redemption goes on with the same key and body', async ({ page, state, at }) => {
  state.drop = 2
  await redeem(page, at)
  await page.getByRole('heading', { name: '兑换成功' }).waitFor()
  const o = orders(state)
  check(o.length >= 2 && new Set(o.map(x => x.key)).size === 1 && new Set(o.map(x => JSON.stringify(x.body))).size === 1, `${o.length} requests`)
  check(state.redemptions.filter(r => r.key === o[0].key).length === 1, 'redeemed once')
})
await promise('a reload in mid-redemption goes on with the same key', async ({ page, state, at }) => {
  state.drop = 1000
  await redeem(page, at)
  await page.getByText('网络连接已断开').waitFor()
  const before = orders(state)[0].key
  state.drop = 0
  await page.reload()
  await page.getByRole('heading', { name: '兑换成功' }).waitFor()
  check(new Set(orders(state).map(x => x.key)).size === 1 && orders(state).at(-1).key === before, 'one key')
})
await promise('a 202 is polled until it is decided', async ({ page, state, at }) => {
  state.slow = 2
  await redeem(page, at)
  await page.getByText('已收到，正在确认').waitFor()
  await page.getByRole('heading', { name: '兑换成功' }).waitFor()
  check(orders(state).length === 1, 'sent once')
})
for (const [code, title, next] of [['sold_out', '已兑完', '看看其他商品'], ['price_changed', '价格已变动', '重新查看价格'], ['limit_reached', '已达兑换次数', '查看我的兑换'], ['frozen', '账户已冻结', '联系客服'], ['debt', '有待偿还积分', '查看我的积分'], ['tier_required', '会员等级不符', '查看会员等级'], ['insufficient_points', '积分不足', '看看怎样赚积分'], ['address_required', '需要收货地址', '管理收货地址']])
  await promise(`a refusal has its words and a way on: ${code}`, async ({ page, state, at }) => {
    state.refuse = code
    await redeem(page, at)
    const alert = page.getByRole('alert')
    await alert.getByText(title, { exact: true }).waitFor()
    await alert.getByRole('link', { name: next }).waitFor()
  })
await promise('the token leaves the address at once', async ({ page }) => check(!page.url().includes('token'), page.url()))
await promise('without a token the page says where to come from', async ({ page, server }) => {
  await page.goto(server.url)
  await page.getByRole('heading', { name: '请从商店打开' }).waitFor()
}, '')
await promise('a token that ended leads there, too', async ({ page, server }) => {
  await page.goto(server.url + '/#token=old')
  await page.getByRole('heading', { name: '登录已过期' }).waitFor()
}, '')
await promise('English is chosen, kept, and said', async ({ page, server }) => {
  await page.goto(server.url + '/')
  await page.getByRole('button', { name: 'English' }).click()
  await page.getByRole('heading', { name: 'Yours right now' }).waitFor()
  await page.reload()
  await page.getByRole('heading', { name: 'Yours right now' }).waitFor()
  check(await page.evaluate(() => document.documentElement.lang) === 'en', 'lang')
})
await promise('dark is chosen and kept', async ({ page }) => {
  await page.getByRole('button', { name: '切换为深色' }).click()
  await page.reload()
  check(await page.evaluate(() => document.documentElement.dataset.theme) === 'dark', 'theme')
})
await promise('the focus goes to the heading of a new page', async ({ page }) => {
  await page.getByRole('navigation', { name: '底部导航' }).getByRole('link', { name: '积分' }).press('Enter')
  await page.waitForFunction(() => document.activeElement?.tagName === 'H1' && document.activeElement.textContent === '我的积分')
})
await promise('filters ask for what they say and stay in the address', async ({ page, state, at }) => {
  await at('/items')
  await page.getByRole('button', { name: '我能换的' }).press('Space')
  await page.getByLabel('分类').selectOption('home')
  await page.getByLabel('搜索商品').fill('马克杯')
  await page.waitForFunction(() => decodeURIComponent(location.hash).includes('q=马克杯'))
  check(page.url().includes('affordable=true') && page.url().includes('category=home'), page.url())
  await page.waitForFunction(() => document.querySelectorAll('h3').length === 1) // the address changes before the answer comes
  check(state.seen.some(r => r.path === 'items'), 'asked')
})
await promise('views are sent in a batch', async ({ page, state, at }) => {
  await at('/items/mug')
  await page.getByRole('heading', { name: '粗陶马克杯' }).waitFor()
  await at('/points')
  for (const path of ['/me', '/nowhere', '/items/nothing']) await at(path)
  await redeem(page, at)
  await page.getByRole('heading', { name: '兑换成功' }).waitFor()
  const seen = () => state.visited.map(v => v.page + (v.item ? ' ' + v.item : ''))
  for (let n = 0; n < 150 && !seen().some(v => v === 'redemption' || v === 'order'); n++) await page.waitForTimeout(100)
  for (const v of ['item mug', 'points', 'me', 'confirm mug', 'order', 'redemption']) check(seen().includes(v), `${v} of ${seen()}`)
  check(!seen().includes('item nothing') && !seen().includes('missing'), seen().join())
})
await promise("times go by the program's clock and zone", async ({ page, state }) => {
  const campaign = state.campaigns(false)[0], earning = state.earning
  state.balance.as_of = new Date(Date.parse(campaign.to) - 90 * 60e3).toISOString()
  state.balance.next_expiries = [{ points: 50, expires_at: '2027-01-02T00:00:00Z' }]
  state.earning = en => ({ ...earning(en), timezone: 'Europe/London' })
  await page.reload()
  await page.getByText('50 积分可用到 2027年1月1日').waitFor()
  await page.locator('.digits').first().waitFor()
  const left = await page.locator('.digits').first().innerText()
  check(left.replace(/\s/g, '').startsWith('01:2'), left)
})
await promise('what changed elsewhere shows on the next page', async ({ page, state }) => {
  state.balance.available = 77
  await page.getByRole('navigation', { name: '底部导航' }).getByRole('link', { name: '积分' }).click() // without a reload
  await page.locator('.balance-number').filter({ hasText: /^77$/ }).waitFor()
})
await promise('what is earned today is in the calendar, to the end of the same day next year, and a year rounded up, too', async ({ page, state, at }) => {
  const expiry = (last_day, points) => ({ points, last_day, expires_at: new Date(Date.parse(last_day) + 86400e3).toISOString() })
  state.expiries = { ...state.expiries, as_of: '2026-03-15T04:00:00Z', expiries: [expiry('2027-03-15', 321), expiry('2027-12-31', 654)] }
  await at('/points')
  const said = page.getByRole('img', { name: /各月到期的积分/ })
  await said.waitFor()
  const words = await said.getAttribute('aria-label')
  const painted = () => said.locator('canvas').evaluate(c => { const p = c.getContext('2d').getImageData(0, 0, c.width, c.height).data; let n = 0; for (let i = 3; i < p.length; i += 4) if (p[i]) n++; return n })
  for (let n = 0; n < 50 && await painted() < 1000; n++) await page.waitForTimeout(100)
  check(await painted() >= 1000, 'bars are drawn')
  check(words.includes('2027年3月 321 积分') && words.includes('2027年12月 654 积分'), words)
})
await promise('a cancelled redemption says so', async ({ page, state, at }) => {
  await at('/redemptions/r-created')
  await page.getByRole('button', { name: '取消兑换' }).click()
  await page.getByRole('button', { name: '确认取消' }).click()
  await page.getByText('已取消，积分即将退回').waitFor()
  check(state.seen.find(r => r.path === 'redemptions/r-created/cancel')?.key, 'with a key')
})
await promise('an address is added by keyboard, its faults named', async ({ page, state, at }) => {
  await at('/addresses')
  await page.getByRole('button', { name: '添加地址' }).press('Enter')
  await page.getByRole('button', { name: '保存' }).press('Enter')
  check(await page.evaluate(() => document.activeElement?.id) === 'address-name', 'the first fault has the focus')
  for (const [label, text] of [['收件人', '林晓'], ['电话', '13800000000'], ['城市', '上海市'], ['街道、门牌号', '南京西路 1 号']]) await page.getByRole('textbox', { name: label }).fill(text)
  await page.getByRole('button', { name: '保存' }).press('Enter')
  await page.getByText('地址已保存').waitFor({ state: 'attached' })
  check(state.addresses.length === 3, 'kept')
})
await promise('embedded, the token comes from the parent alone', async ({ page, server }) => {
  await page.goto(server.url + '/shop.html')
  await page.evaluate(url => new Promise(done => {
    const frame = document.createElement('iframe')
    frame.style.cssText = 'width:360px;height:700px'
    addEventListener('message', e => { if (e.data?.type === 'jifen.ready') { frame.contentWindow.postMessage({ type: 'jifen.token', token: 't' }, url); done() } })
    frame.src = url + '/?embed=1'
    document.querySelector('main').append(frame)
  }), server.url)
  const frame = page.frameLocator('iframe')
  await frame.locator('.balance').waitFor()
  check(await frame.locator('header.top').count() === 0, 'without a header')
}, '')
// withoutScript has the browser get a page's script only when .there says so, and count how often it asked.
async function withoutScript(page, script) {
  const s = { there: false, asked: 0 }
  await page.route(new RegExp(`/${script}-[^/]*\\.js$`), r => { s.asked++; return s.there ? r.continue() : r.abort() })
  return s
}
const looks = (page, index, f) => page.route(url => url.pathname === index, r => r.request().resourceType() === 'fetch' ? f(r) : r.continue())
await promise('a page whose script has another name since a release is loaded anew, once', async ({ page }) => {
  const script = await withoutScript(page, 'Points')
  let looked = 0
  await looks(page, '/', r => { looked++; script.there = true; return r.fulfill({ body: '<script type="module" crossorigin src="/assets/index-of-another-release.js">' }) })
  await page.evaluate(() => { window.before = true })
  await page.getByRole('link', { name: '积分', exact: true }).click()
  await page.getByRole('heading', { name: '我的积分' }).waitFor()
  check(await page.evaluate(() => !window.before) && looked === 1 && script.asked === 2, `${looked} looks, ${script.asked} times asked`)
})
await promise('a page that cannot be loaded says so, and leaves what is there until the network is back', async ({ page }) => {
  const script = await withoutScript(page, 'Points')
  let away = false
  await looks(page, '/', r => away ? r.abort() : r.continue())
  await page.getByRole('link', { name: '积分', exact: true }).click()
  await page.getByText('网络连接有问题').waitFor()
  check(await page.locator('.balance').isVisible(), 'the page before is there')
  away = true
  await page.getByRole('button', { name: '再试一次' }).click()
  await page.waitForTimeout(500)
  check(await page.locator('.balance').isVisible() && await page.getByText('网络连接有问题').isVisible(), 'it stays')
  away = false
  script.there = true
  await page.getByRole('button', { name: '再试一次' }).click()
  await page.getByRole('heading', { name: '我的积分' }).waitFor()
  check(await page.getByText('网络连接有问题').count() === 0, 'and says so no more')
})
await promise('the badge shows the balance and leads to the mall', async ({ page, server }) => {
  await page.goto(server.url + '/shop.html')
  await page.getByRole('link', { name: '可用积分 6,480，打开积分商城' }).click()
  await page.waitForSelector('.balance')
}, '')

await promise('console: a link that is followed while the first page is on its way leads to its own page', async ({ page, server }) => {
  await page.setViewportSize({ width: 1440, height: 900 })
  await page.route('**/v1/**', r => r.fulfill({ json: r.request().url().endsWith('/session') ? { id: 'ann', roles: ['merchant'] } : { items: [] } }))
  let late = 0
  await page.route(/\/Overview-[^/]*\.js$/, async r => { late++; await new Promise(done => setTimeout(done, 800)); await r.continue() })
  await page.goto(server.url + '/console/', { waitUntil: 'commit' })
  await page.locator('nav a[href="#/items"]').click()
  await page.waitForTimeout(1500)
  check(page.url().endsWith('#/items') && await page.locator('nav a[aria-current=page]').getAttribute('href') === '#/items', `it leads to ${page.url()}`)
  check(late === 1, 'the first page was not late')
}, '')

await promise("console: a member's tabs stay where they are when the balance comes", async ({ page, server }) => {
  await page.setViewportSize({ width: 1440, height: 900 })
  await page.route('**/v1/**', async r => {
    const path = new URL(r.request().url()).pathname
    if (path.endsWith('/balance')) await new Promise(done => setTimeout(done, 800))
    await r.fulfill({ json: path.endsWith('/session') ? { id: 'ann', roles: ['support'] } : path.endsWith('/balance') ? { available: 5, pending: 0, frozen: 0, debt: 0, tier: 'gold', as_of: new Date().toISOString() } : { entries: [] } })
  })
  await page.goto(server.url + '/console/#/members/m1')
  const tabs = page.getByRole('tablist')
  const before = (await tabs.boundingBox()).y
  await page.getByText('gold').waitFor()
  const after = (await tabs.boundingBox()).y
  check(before === after, `they move from ${before} to ${after}`)
}, '')
await promise('console: a balance stays beside the problem when it cannot be read again', async ({ page, server }) => {
  await page.setViewportSize({ width: 1440, height: 900 })
  let reads = 0
  await page.route('**/v1/**', async r => {
    const path = new URL(r.request().url()).pathname
    if (path.endsWith('/balance') && ++reads > 1) return r.fulfill({ status: 503, json: { code: 'unavailable', title: 'not now' } })
    await r.fulfill({ json: path.endsWith('/session') ? { id: 'ann', roles: ['support'] } : path.endsWith('/balance') ? { available: 4321, pending: 0, frozen: 0, debt: 0, tier: 'gold', as_of: new Date().toISOString() } : path.endsWith('/entries') ? { entries: [{ id: 'e1', seq: 1, kind: 'tier_changed', points: 0, occurred_at: '2026-05-01T00:00:00Z', recorded_at: '2026-05-01T00:00:00Z' }] } : { adjustments: [], freezes: [] } })
  })
  await page.goto(server.url + '/console/?lang=en#/members/m1')
  await page.getByText('4,321').waitFor()
  check(await page.locator('td .quiet').getByText('0', { exact: true }).count() === 1, 'a change of 0 is neither good nor bad')
  await page.getByRole('button', { name: /^(Adjust points|调整积分)$/ }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('spinbutton').fill('5')
  for (const [n, text] of ['goodwill', 'T-1'].entries()) await dialog.getByRole('textbox').nth(n).fill(text)
  await dialog.getByRole('button').last().click()
  await page.locator('.problem').waitFor()
  check(await page.getByText('4,321').isVisible() && await page.getByRole('button', { name: /^(Freeze|冻结)$/ }).isVisible(), 'it went')
}, '')

await promise('console: a page that cannot be loaded says so, the first one too', async ({ page, server }) => {
  await page.setViewportSize({ width: 1440, height: 900 })
  await page.route('**/v1/**', r => r.fulfill({ json: r.request().url().endsWith('/session') ? { id: 'ann', roles: ['merchant'] } : { items: [] } }))
  const script = await withoutScript(page, 'Overview')
  await page.goto(server.url + '/console/')
  const said = page.getByRole('alert').getByText(/could not be loaded|没有加载成功/)
  await said.waitFor()
  await page.locator('nav a[href="#/items"]').click()
  await page.locator('main h1').waitFor()
  check(await said.count() === 0, 'of another page it says nothing')
  let slow = true
  await looks(page, '/console/', async r => { if (slow) await new Promise(done => setTimeout(done, 500)); await r.continue() })
  await page.locator('nav a[href="#/"]').click()
  await page.locator('nav a[href="#/campaigns"]').click()
  await page.waitForTimeout(1500)
  check(await said.count() === 0 && page.url().endsWith('#/campaigns'), 'nor of one that is wanted no more')
  slow = false
  await page.locator('nav a[href="#/"]').click()
  await said.waitFor()
  script.there = true
  await page.getByRole('alert').getByRole('button').click()
  await page.locator('main h1').getByText(/Overview|总览/).waitFor()
  check(await said.count() === 0, 'it is there')
}, '')

await browser.close()
console.log(JSON.stringify({ looked, findings }, null, 1))
process.exit(0)
