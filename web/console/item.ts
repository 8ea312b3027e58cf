// An item's definition, and the form that edits it: lists are written as lines or with commas.
import { instant, local } from './format'

interface Words { zh?: string, en?: string }
export interface Definition {
  id: string, name: Words, description?: Words, instructions?: Words, kind: string, price: number
  tier_prices?: Record<string, number>, tiers?: string[], limit?: { times?: number, per?: string } | null
  stock?: number, free?: number, reserved?: number, sold?: number, codes_left?: number, codes_low?: number
  on_sale: boolean, sale_from?: string | null, sale_to?: string | null, categories?: string[], zones?: string[], pictures?: string[]
  fulfilment?: string, booking_url?: string, components?: { item: string, quantity: number }[]
}

export const blank = (): Definition => ({ id: '', name: {}, kind: 'physical', price: 0, on_sale: false })

export const writeForm = (d: Definition) => ({
  id: d.id, name: { zh: '', en: '', ...d.name }, description: { zh: '', en: '', ...d.description }, instructions: { zh: '', en: '', ...d.instructions },
  kind: d.kind, fulfilment: d.fulfilment ?? '', booking_url: d.booking_url ?? '', codes_low: d.codes_low ?? 0, stock: d.stock ?? 0, price: d.price,
  tier_prices: Object.entries(d.tier_prices ?? {}).map(e => e.join('=')).join('\n'), tiers: (d.tiers ?? []).join(', '),
  limit: { times: d.limit?.times ?? 0, per: d.limit?.per ?? 'ever' }, on_sale: d.on_sale, sale_from: local(d.sale_from), sale_to: local(d.sale_to),
  categories: (d.categories ?? []).join(', '), zones: (d.zones ?? []).join(', '), pictures: (d.pictures ?? []).join('\n'),
  components: (d.components ?? []).map(c => c.item + '=' + c.quantity).join('\n'),
})
export type Form = ReturnType<typeof writeForm>

const commas = (s: string) => s.split(/[,，]/).map(x => x.trim()).filter(Boolean)
const lines = (s: string) => s.split('\n').map(x => x.trim()).filter(Boolean)
const pairs = (s: string) => lines(s).map(l => {
  const at = l.lastIndexOf('=')
  return [l.slice(0, at).trim(), Number(l.slice(at + 1))] as [string, number]
})
const words = (t: Words) => ({ ...(t.zh ? { zh: t.zh } : {}), ...(t.en ? { en: t.en } : {}) })

export function readForm(f: Form): Definition {
  const d: Definition = {
    id: f.id.trim(), name: words(f.name), kind: f.kind, price: Number(f.price), on_sale: f.on_sale,
    description: words(f.description), instructions: words(f.instructions), tier_prices: Object.fromEntries(pairs(f.tier_prices)), tiers: commas(f.tiers),
    categories: commas(f.categories), zones: commas(f.zones), pictures: lines(f.pictures),
  }
  if (f.fulfilment) d.fulfilment = f.fulfilment
  if (f.limit.times) d.limit = { times: Number(f.limit.times), per: f.limit.per }
  if (f.sale_from) d.sale_from = instant(f.sale_from)
  if (f.sale_to) d.sale_to = instant(f.sale_to)
  if (f.fulfilment === 'booking') d.booking_url = f.booking_url
  if (f.fulfilment === 'codes') d.codes_low = Number(f.codes_low)
  else if (f.stock) d.stock = Number(f.stock)
  if (f.kind === 'bundle') d.components = pairs(f.components).map(([item, quantity]) => ({ item, quantity }))
  return d
}

// What an edit never changes: these have routes of their own, or follow from redemptions.
const kept = ['id', 'stock', 'free', 'reserved', 'sold', 'codes_left', 'rating', 'price_version']
const empty = (v: unknown) => v === undefined || v === null || v === '' || (typeof v === 'object' && !Object.keys(v as object).length)
const plain = (v: unknown): string => JSON.stringify(v, (_k, x) => x && typeof x === 'object' && !Array.isArray(x) ? Object.fromEntries(Object.entries(x).sort()) : x)
const same = (a: unknown, b: unknown) => (empty(a) && empty(b)) || plain(a) === plain(b) || (typeof a === 'string' && typeof b === 'string' && !!Date.parse(a) && Date.parse(a) === Date.parse(b) && a.includes('T'))

// patchOf is the JSON merge patch from one definition to another: null takes a field away, also within the prices of tiers.
export function patchOf(from: Definition, to: Definition): Record<string, unknown> {
  const out: Record<string, unknown> = {}
  const a = from as any, b = to as any
  for (const k of new Set([...Object.keys(a), ...Object.keys(b)])) {
    if (kept.includes(k) || same(a[k], b[k])) continue
    const inner = ['tier_prices', 'name', 'description', 'instructions'].includes(k)
    if (!inner) out[k] = empty(b[k]) ? (Array.isArray(a[k]) ? [] : null) : b[k]
    else out[k] = Object.fromEntries([...new Set([...Object.keys(a[k] ?? {}), ...Object.keys(b[k] ?? {})])].filter(x => !same(a[k]?.[x], b[k]?.[x])).map(x => [x, b[k]?.[x] ?? null]))
  }
  return out
}
