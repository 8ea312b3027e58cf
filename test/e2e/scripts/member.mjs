// A member in the mall: what they see and do, by the names that a screen reader says.
import { text } from './browser.mjs'

export class Member {
  constructor(page, token, url, lang) {
    this.page = page
    this.token = token
    this.url = url
    this.w = (zh, en) => lang === 'en' ? en : zh
    this.lang = lang
  }

  at(path) { return this.page.goto(`${this.url}/?lang=${this.lang}#${path}`) }
  button(zh, en, options) { return this.page.getByRole('button', { name: this.w(zh, en), ...options }) }

  // signIn comes from the shop, whose link carries the token.
  async signIn() {
    await this.page.goto(`${this.url}/?lang=${this.lang}#token=${this.token}`)
    await this.page.waitForSelector('.balance')
  }

  // available is the balance that the page shows.
  async available() {
    await this.at('/points')
    await this.page.waitForSelector('.balance')
    return Number((await text(this.page.locator('.balance .balance-number').first())).replace(/\D/g, ''))
  }

  // has waits until the page shows a balance, and why it is so; the history is ClickHouse's, which is a little behind.
  async has(points, why = '') {
    let seen
    for (let n = 0; n < 60; n++) {
      seen = await this.available()
      if (seen === points && (!why || await this.page.getByText(why).count())) return
      await this.page.waitForTimeout(500)
      await this.page.reload()
    }
    throw new Error(`the page shows ${seen} points, never ${points} ${why}`)
  }

  async addAddress() {
    await this.button('添加地址', 'Add an address').click()
    const fill = async (zh, en, value) => this.page.getByRole('textbox', { name: this.w(zh, en) }).fill(value)
    await fill('收件人', 'Recipient', '林晓')
    await fill('电话', 'Phone', '13800000000')
    await fill('城市', 'City', '上海市')
    await fill('街道、门牌号', 'Street and number', '南京西路 1 号')
    await this.button('保存', 'Save').click()
    await this.page.getByRole('radio').first().waitFor()
  }

  // redeem goes from an item to its receipt; before is done on the page that confirms. It answers the redemption's id.
  async redeem(item, before = async () => {}) {
    await this.at(`/items/${item}`)
    await this.page.getByRole('button', { name: this.w(/积分兑换$/, /^Redeem for/) }).click()
    const pay = this.page.getByRole('button', { name: this.w(/^确认，支付/, /^Confirm/) })
    await pay.waitFor()
    await before()
    await pay.click()
    await this.page.getByRole('heading', { name: this.w('兑换成功', 'It is yours') }).waitFor()
    return decodeURIComponent(new URL(this.page.url()).hash.match(/redemptions\/([^?]+)/)[1])
  }

  async open(redemption) {
    await this.at('/redemptions')
    await this.at(`/redemptions/${encodeURIComponent(redemption)}`)
    await this.page.waitForSelector('.receipt')
  }

  state() { return text(this.page.locator('.receipt .section-head .state').first()) }

  // says waits until a redemption's page says something; what staff do takes a moment to arrive.
  async says(redemption, ...all) {
    for (let n = 0; ; n++) {
      await this.open(redemption)
      const seen = await text(this.page.locator('.receipt'))
      if (all.every(x => x instanceof RegExp ? x.test(seen) : seen.includes(x))) return
      if (n === 30) throw new Error(`redemption ${redemption} never said ${all}; it says: ${seen}`)
      await this.page.waitForTimeout(400)
    }
  }

  // after does what a member may do with a redemption: a reason is the label of one of the choices.
  async after(redemption, act, send, reason, done) {
    await this.open(redemption)
    await this.page.getByRole('button', { name: act, exact: true }).click()
    if (reason) await this.page.getByRole('radio', { name: reason, exact: true }).check()
    await this.page.getByRole('button', { name: send, exact: true }).click()
    await this.page.getByText(done).waitFor()
  }
}
