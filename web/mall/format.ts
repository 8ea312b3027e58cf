// How numbers and times are written, in the language of the page and the time zone of the program.
import { language } from './i18n'
import { zone } from './account'

export const points = (n: number) => new Intl.NumberFormat(language()).format(n)
export const signed = (n: number) => (n > 0 ? '+' : n < 0 ? '−' : '') + points(Math.abs(n))

const date = (o: Intl.DateTimeFormatOptions) => (at: string | number | Date) => new Intl.DateTimeFormat(language(), { timeZone: zone(), ...o }).format(new Date(at))
export const day = (at: string | number | Date) => date({ year: 'numeric', month: 'long', day: 'numeric' })(at)
export const shortDay = (at: string | number | Date) => date({ month: 'long', day: 'numeric' })(at)
export const month = (at: string | number | Date) => date({ year: 'numeric', month: 'long' })(at)
export const moment = (at: string | number | Date) => date({ year: 'numeric', month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit' })(at)

// lastDay is the last day before an instant: points that expire at midnight can be spent the day before.
export const lastDay = (expiresAt: string) => day(Date.parse(expiresAt) - 1)

// fraction writes an exact decimal such as "0.8" as the field says it: 8 折, 20 % off.
export function discount(price: string): string {
  const [, after = ''] = price.split('.')
  const percent = Number((after + '00').slice(0, 2))
  if (language() === 'en') return `${100 - percent}% off`
  return `${percent % 10 ? percent : percent / 10} 折`
}

export function money(minor: number, currency = 'CNY'): string {
  const f = new Intl.NumberFormat(language(), { style: 'currency', currency, currencyDisplay: 'narrowSymbol' })
  return f.format(minor / 10 ** (f.resolvedOptions().maximumFractionDigits ?? 2))
}
