// A member's and the staff's story on the real stack, at three widths: points are earned by an order, one item of each kind
// and a bundle are redeemed, shipped, returned and made good. Every page is held against axe on the way.
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { axe, launch, open, shot, state, text, wide } from './browser.mjs'
import { Member } from './member.mjs'
import { Staff } from './staff.mjs'

const url = process.env.E2E_URL, tokens = JSON.parse(process.env.E2E_TOKENS)
const only = process.argv[2]
const faults = []
const check = (ok, what) => { if (!ok) throw new Error(what) }
const subject = token => JSON.parse(Buffer.from(token.split('.')[1], 'base64url')).sub
let looked = 0

// look holds a page against axe, and keeps its picture.
async function look(page, name) {
  looked++
  await axe(page, name, faults)
  await wide(page, name, faults)
  await shot(page, name)
}

// produce sends events as a shop does.
async function produce(...events) {
  const dir = await mkdtemp(path.join(tmpdir(), 'jifen-events-'))
  const file = path.join(dir, 'events.jsonl')
  await writeFile(file, events.map(e => JSON.stringify(e)).join('\n') + '\n')
  await promisify(execFile)(process.env.E2E_JIFEN, ['produce', file])
  await rm(dir, { recursive: true })
}
const order = (member, net) => ({
  specversion: '1.0', id: `order-${member}`, source: '/shops/e2e', type: 'shop.order.paid.v1', subject: `O-${member}`, time: new Date().toISOString(), datacontenttype: 'application/json',
  data: { order: `O-${member}`, member, store: 'SH01', channel: 'pos', currency: 'CNY', lines: [{ line: '1', sku: 'A-1', category: 'basic', quantity: 1, net }], freight: 0 },
})

const mallPages = ['/', '/items', '/items/mug', '/items/suite', '/items/tea-set', '/redemptions', '/points', '/leaderboard', '/messages', '/addresses', '/me', '/help']
const consolePages = ['/', '/items', '/items/mug', '/items/video-month', '/items/tea-set', '/items/+', '/campaigns', '/fulfilment?queue=ship', '/fulfilment?queue=returns', '/approvals', '/reports', '/reports?of=campaigns', '/rules', '/dead-letters', '/audit', '/operations', '/settings']

async function story(browser, { size, lang, dark }) {
  const id = subject(tokens[size]), at = name => `${size}-${name}`
  const page = await open(browser, faults, { size, lang, dark })
  const member = new Member(page, tokens[size], url, lang), w = member.w
  const staff = async name => { const s = new Staff(await open(browser, faults, { size, lang, dark }), url, name, lang); await s.logIn(); return s }
  const mei = await staff('mei')

  const bad = await mei.upload('video-month', `code\nV-${id}-1\nV-${id}-1\n`)
  check(/3/.test(bad), `the line that stands twice is not named: ${bad}`)
  await look(mei.page, at('console-codes-refused'))
  check(await mei.upload('video-month', `code\n${[1, 2, 3, 4].map(n => `V-${id}-${n}\n`).join('')}`) === '', 'the codes are refused')

  await member.signIn()
  await member.has(0)
  await produce(order(id, 260_000))
  await member.has(2600, '2600.00 CNY')

  await member.at('/items/mug/confirm')
  await page.getByText(w('请先添加一个收货地址。', 'Please add an address first.')).waitFor()
  await look(page, at('mall-confirm'))
  const mug = await member.redeem('mug', () => member.addAddress())
  const video = await member.redeem('video-month')
  const code = await text(page.locator('.code-line code'))
  check(code.startsWith(`V-`), `the code is ${code}`)
  await look(page, at('mall-redeemed-code'))
  const wash = await member.redeem('car-wash')
  const booking = await page.getByRole('link', { name: w(/^去预约/, /^Book a time/) }).getAttribute('href')
  check(booking === `https://booking.example/car-wash?r=${wash}`, `the booking link is ${booking}`)
  await look(page, at('mall-redeemed-service'))
  const set = await member.redeem('tea-set')
  await page.locator('.code-line code').waitFor()
  await look(page, at('mall-redeemed-bundle'))
  // A twentieth comes back where all is done: at once for a code, twice that in its zone.
  const paid = 2600 - 240 - 400 - 320 - 560 + 2 * 20
  await member.has(paid)

  await mei.row('ship', mug)
  await look(mei.page, at('console-to-ship'))
  await mei.ship(mug, 'SF', `SF-${size}-1`)
  await mei.ship(set, 'SF', `SF-${size}-2`)
  await mei.fulfil(wash)
  await member.says(mug, `SF-${size}-1`)
  await look(page, at('mall-shipped'))
  await mei.deliver(mug)
  await member.says(mug, w('已签收', 'Delivered'))
  await member.says(set, `SF-${size}-2`)
  await member.says(wash, w('已完成', 'Done'))

  await member.after(mug, w('申请退货', 'Return it'), w('提交退货', 'Send the request'), w('商品破损', 'Damaged'), w('退货申请已提交。', 'Your return is requested.'))
  await look(page, at('mall-return-asked'))
  await mei.row('returns', mug)
  await look(mei.page, at('console-to-inspect'))
  await mei.accept(mug)
  await member.says(mug, w('已退货', 'Returned'))
  await look(page, at('mall-returned'))
  await member.has(paid + 16 + 240) // 16 came back for the service

  await member.after(video, w('券码有问题', 'The code has a problem'), w('提交问题', 'Report it'), w('已被使用', 'Used already'), w('已收到，客服会尽快处理。', 'Thank you, we look into it.'))
  await mei.replace(video)
  await member.says(video, w('已更换', 'Replaced'))
  await page.getByRole('button', { name: w('显示券码', 'Show the code') }).click()
  const second = await text(page.locator('.code-line:not(.replaced) code'))
  check(second.startsWith('V-') && second !== code, `the code is ${second} after ${code}`)
  await member.after(wash, w('评价', 'Rate it'), w('提交评价', 'Send the rating'), '', w('感谢您的评价。', 'Thank you for your rating.'))

  const other = new Member(await open(browser, faults, { size, lang, dark }), tokens.other, url, lang)
  await other.signIn()
  await other.at(`/redemptions/${encodeURIComponent(mug)}`)
  await other.page.getByText(w('没有找到', 'Not found')).waitFor()
  await look(other.page, at('mall-not-found'))

  for (const p of mallPages) {
    await member.at(p)
    await page.waitForLoadState('networkidle')
    await page.waitForFunction(() => document.querySelector('h1') && !document.querySelector('.skeleton'))
    await look(page, at('mall' + p.replaceAll('/', '-')))
  }
  await member.at('/messages')
  for (const told of [`SF-${size}-1`, booking]) await page.locator('main li').filter({ hasText: told }).waitFor()
  await Promise.all([mei, other].map(x => x.page.context().close()))
  return { id, member, staff, at }
}

// desk is what the others of the retailer do, seen by the member where it concerns them.
async function desk({ id, member, staff, at }) {
  const { page, w } = member
  const sue = await staff('sue'), ann = await staff('ann')
  await sue.adjust(id, 6000, 'goodwill', 'T-1')
  await look(sue.page, at('console-member'))
  await ann.approve(id)
  await sue.freeze(id)
  await member.at('/items/scarf')
  await page.reload()
  await page.getByText(w('账户已冻结', 'Account frozen')).first().waitFor()
  await look(page, at('mall-frozen'))
  await sue.release(id)

  await produce({ ...order(id, -5), id: `bad-${id}` })
  const otto = await staff('otto')
  const letter = otto.page.getByRole('row').filter({ hasText: id }).filter({ hasText: 'RANGE' })
  for (let n = 0; n < 30; n++) {
    await otto.at('/dead-letters')
    if (await letter.count()) break
    await otto.page.waitForTimeout(400)
  }
  await letter.getByRole('checkbox').check()
  await otto.page.getByRole('button', { name: w(/^重放/, /^Replay/) }).click()
  await otto.answer({ reason: 'T-2' })
  await otto.page.getByText(w('已重放', 'Replayed')).first().waitFor()
  await look(otto.page, at('console-replayed'))

  const max = await staff('max')
  await max.at('/rules')
  await max.page.getByText(w(/^没有错误/, /^No faults/)).waitFor()
  await max.button('测试', 'Test').click()
  await max.page.getByText('+200').waitFor()
  await look(max.page, at('console-rules-tested'))

  const boss = await staff('boss')
  // What the members looked at on the way to what they redeemed has come to ClickHouse.
  const seen = boss.page.getByRole('row').filter({ hasText: 'car-wash' }).locator('td').nth(1)
  for (let n = 0; ; n++) {
    await boss.at('/reports')
    if (Number(await seen.innerText()) > 0) break
    if (n === 20) { faults.push(`${size}: nobody has looked at car-wash`); break }
    await boss.page.waitForTimeout(500)
  }
  for (const p of [...consolePages, `/members/${id}`]) {
    await boss.at(p)
    await boss.page.waitForLoadState('networkidle')
    await look(boss.page, at('console' + p.replaceAll(/\W+/g, '-')))
  }
  await Promise.all([sue, ann, otto, max, boss].map(x => x.page.context().close()))
}

const browser = await launch()
for (const how of [{ size: 360, lang: 'zh-CN', dark: false }, { size: 820, lang: 'en', dark: true }, { size: 1440, lang: 'zh-CN', dark: false }]) {
  if (only && Number(only) !== how.size) continue
  const began = Date.now()
  try {
    const told = await story(browser, how)
    await desk(told)
  } catch (e) {
    faults.push(`${how.size}: ${e.stack}`)
    for (const [n, context] of browser.contexts().entries()) {
      for (const p of context.pages()) {
        faults.push(await state(p))
        await shot(p, `${how.size}-fault-${n}`).catch(() => {})
      }
    }
  }
  for (const context of browser.contexts()) await context.close()
  console.log(`${how.size} px, ${how.lang}: ${Math.round((Date.now() - began) / 1000)} s`)
}
// Swagger UI is another's page; that it starts under our policy, and shows the API, is ours.
try {
  const docs = await open(browser, faults, { size: 1440, lang: 'en' })
  await docs.goto(`${url}/docs`)
  await docs.locator('.opblock').nth(50).waitFor()
  await shot(docs, 'docs')
} catch (e) {
  faults.push(`/docs: ${e.message}`)
}
await browser.close()
console.log(`${looked} pages held against axe, ${faults.length} faults`)
for (const f of faults) console.log(f)
process.exit(faults.length ? 1 : 0)
