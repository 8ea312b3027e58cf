// Somebody of the retailer in the console, logged in by the provider; what they do, by the names that a screen reader says.
import { text } from './browser.mjs'

export class Staff {
  constructor(page, url, name, lang) {
    this.page = page
    this.url = url
    this.name = name
    this.lang = lang
    this.w = (zh, en) => lang === 'en' ? en : zh
  }

  // logIn goes through the provider's page and back.
  async logIn() {
    await this.page.addInitScript(l => localStorage.setItem('jifen.console.lang', l), this.lang)
    await this.page.goto(`${this.url}/console/`)
    await this.page.getByRole('link', { name: this.w('登录', 'Log in') }).click()
    await this.page.getByRole('button', { name: this.name, exact: true }).click()
    await this.page.locator('.who', { hasText: this.name }).waitFor({ state: 'attached' }) // a phone does not show it
  }

  // at opens a page and waits for what it reads.
  async at(path) {
    const listed = n => this.page.waitForFunction(n => document.querySelectorAll('nav a[aria-current=page]').length === n, n)
    await this.page.goto(`${this.url}/console/#/missing`) // the same page again is read again
    await listed(0)
    await this.page.goto(`${this.url}/console/#${path}`)
    await listed(1)
    await this.page.waitForSelector('main h1')
    await this.page.waitForFunction(() => !document.querySelector('[aria-busy=true]'))
  }

  button(zh, en, root = this.page) { return root.getByRole('button', { name: this.w(zh, en), exact: true }) }

  // answer fills the dialog that is open and sends it; it closes once the act is done.
  async answer(values = {}) {
    const dialog = this.page.getByRole('dialog')
    await dialog.waitFor()
    for (const [name, value] of Object.entries(values)) {
      const field = dialog.locator(`#ask-${name}`)
      if (await field.evaluate(e => e.tagName) === 'SELECT') await field.selectOption(value)
      else await field.fill(value)
    }
    await dialog.locator('button[type=submit]').click()
    await dialog.waitFor({ state: 'hidden' })
  }

  // row is a redemption in a queue, once it is there.
  async row(queue, redemption) {
    for (let n = 0; ; n++) {
      await this.at(`/fulfilment?queue=${queue}`)
      const row = this.page.getByRole('row').filter({ hasText: redemption })
      if (await row.count()) return row
      if (n === 30) throw new Error(`${redemption} never came into the queue ${queue}`)
      await this.page.waitForTimeout(400)
    }
  }

  // uploads codes of an item; the words of a problem, where the file is refused.
  async upload(item, csv) {
    await this.at(`/items/${item}`)
    await this.page.locator('input[type=file]').setInputFiles({ name: 'codes.csv', mimeType: 'text/csv', buffer: Buffer.from(csv) })
    await this.page.getByRole('button', { name: this.w(/^导入/, /^Load/) }).click()
    const done = this.page.getByText(this.w(/^已导入/, /^[\d,]+ loaded, /)), problem = this.page.locator('.problem[role=alert]')
    await Promise.race([done.waitFor(), problem.waitFor()])
    return await done.count() ? '' : text(problem.first())
  }

  async ship(redemption, carrier, number) {
    const row = await this.row('ship', redemption)
    await this.button('看地址', 'Address', row).click()
    await row.getByText('南京西路 1 号').waitFor()
    await this.button('发货', 'Ship', row).click()
    await this.answer({ carrier, number })
  }

  async deliver(redemption) {
    await this.button('已送达', 'Delivered', await this.row('deliver', redemption)).click()
    await this.answer()
  }

  async fulfil(redemption) {
    await this.button('已履约', 'Fulfilled', await this.row('fulfil', redemption)).click()
    await this.answer()
  }

  async accept(redemption) {
    await this.button('通过', 'Accept', await this.row('returns', redemption)).click()
    await this.answer()
  }

  async replace(redemption) {
    const row = await this.row('problems', redemption)
    await row.getByRole('button').first().click()
    await this.answer({ resolution: 'replace', reason: 'checked' })
  }

  async adjust(member, points, reason, evidence) {
    await this.at(`/members/${member}`)
    await this.button('调整积分', 'Adjust points').click()
    await this.answer({ points: String(points), reason, evidence })
  }

  async approve(member) {
    await this.at('/approvals')
    const row = this.page.getByRole('row').filter({ has: this.page.getByRole('link', { name: member, exact: true }) })
    await row.getByRole('button', { name: this.w('批准', 'Approve'), exact: true }).click()
    await this.answer()
    await row.waitFor({ state: 'detached' })
  }

  async freeze(member) {
    await this.at(`/members/${member}`)
    await this.button('冻结', 'Freeze').click()
    await this.answer({ scope: 'account', reason: 'abuse', evidence: 'T-7', review_by: new Date(Date.now() + 7 * 86400e3).toISOString().slice(0, 16) })
    await this.button('解除', 'Release').waitFor()
  }

  async release(member) {
    await this.at('/members')
    await this.page.getByRole('link', { name: member, exact: true }).click()
    await this.page.getByRole('tab', { name: this.w('冻结', 'Freezes') }).click()
    await this.button('解除', 'Release').click()
    await this.answer({ reason: 'cleared' })
  }
}
