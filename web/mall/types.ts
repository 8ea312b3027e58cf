// Shapes of the API's answers that the mall reads.
export type Kind = 'physical' | 'virtual' | 'service' | 'bundle'
export type Fulfilment = 'shipping' | 'codes' | 'booking' | 'manual' | 'bundle'

export interface Lot { lot: string; points: number; expires_at?: string }

export interface Balance {
  member: string; available: number; pending: number; frozen: number; debt: number; tier: string; as_of: string
  next_expiries: { points: number; expires_at: string }[]; stale?: boolean
}

export interface Component { item: string; name: string; quantity: number }

export interface Item {
  id: string; name: string; kind: Kind; description?: string; instructions?: string; pictures?: string[]; categories?: string[]; zones?: string[]
  points: number; list_points?: number; base_points: number; price_version: number; campaign?: { id: string; name: string; price: string; to?: string }
  rebate_points?: number; stock: number; on_sale: boolean; sale_from?: string; sale_to?: string; tiers: string[]; tier_prices?: Record<string, number>
  limit_per_member?: number; limit_per?: string; fulfilment?: Fulfilment; components?: Component[]; rating?: { average: string; count: number }
  obstacle?: string; missing_points?: number
}
export interface Items { items: Item[]; categories?: string[]; next_cursor?: string }
export interface Rating { stars: number; comment?: string; at: string; member: string }
export interface Ratings { ratings: Rating[]; next_cursor?: string }

export interface Quote {
  quote: string; points: number; unit_points?: number; list_points?: number; campaign?: { id: string; name: string }; rebate_points?: number
  lots: Lot[]; price_version: number; expires_at: string
}

export interface Campaign {
  id: string; on: 'earn' | 'redeem'; name: string; state: 'running' | 'upcoming'; from?: string; to?: string; price?: string; multiplier?: string
  rebate_multiplier?: string | number; items?: 'all' | string[]; categories?: string[]; zone?: string; entrance?: boolean; picture?: string
}

export interface Earning {
  rules: { id: string; on: string; text: string }[]; campaigns: { id: string; text: string }[]; validity: { text: string }
  tiers: { id: string; name?: string; from: number; multiplier: string }[]; metric: string; version: string; timezone?: string
}

export interface Part { item: string; name: string; quantity: number; fulfilment: Fulfilment; booking_url?: string }
export interface Redemption {
  id: string; state: 'pending' | 'refused' | 'created' | 'fulfilled' | 'shipped' | 'delivered' | 'closed' | 'cancelled' | 'returned'
  code?: string; item: string; name?: string; kind?: Kind; quantity: number; points: number; unit_points?: number; list_points?: number
  campaign?: { id: string; name: string } | string; created_at?: string; parts?: Part[]; has_codes?: boolean; booking_url?: string; instructions?: string
  tracking?: { carrier: string; number: string; shipped_at?: string }; steps?: { step: string; at: string; of?: string; reason?: string }[]; returnable_until?: string
  returns?: { id: string; kind: 'return' | 'exchange'; quantity: number; reason: string; state: string; points?: number; sold_out?: boolean; at: string }[]
  problems?: { id: string; reason: string; code?: number; state: string; sold_out?: boolean; at: string }[]
  rebate?: { points: number; state: 'pending' | 'given' | 'reversed' }; lots?: Lot[]; can?: string[]; rating?: { stars: number; comment?: string }
}
export interface Redemptions { redemptions: Redemption[]; next_cursor?: string }
export interface Codes { codes: { item: string; code: string; expires?: string; replaced?: boolean }[] }

export interface Address {
  id?: string; name: string; phone: string; province: string; city: string; district: string; street: string; postcode?: string; country?: string; default?: boolean
}

export interface Entry { id: string; seq: number; kind: string; points: number; pending?: number; frozen?: number; occurred_at: string; explanation: string; rule?: string; lots: Lot[] }
export interface Entries { entries: Entry[]; next_cursor?: string; as_of: string }

export interface Expiries {
  as_of: string; until: string; expiries: { points: number; expires_at: string; last_day: string }[]
  activations: { points: number; active_at: string }[]; awaiting_completion: number; lasting: number; debt: number
}

export interface Tier {
  tier: string; since?: string; metric: string; value: number; currency?: string; next?: { tier: string; from: number; missing: number }
  keep?: { until: string; missing: number }; levels: { id: string; from: number; multiplier: string }[]
}

export interface Leaderboard {
  period: string; as_of: string; entries: { rank: number; member: string; points: number; me?: boolean }[]
  me?: { rank?: number; points: number; visible: boolean }
}

export interface Message { id: string; kind: string; title: string; text: string; at: string; read: boolean; redemption?: string; item?: string }
export interface Messages { messages: Message[]; unread: number; next_cursor?: string }

export interface Words { zh?: string; en?: string }
export interface Retailer {
  name: Words; logo?: string; colours?: { primary?: string; accent?: string }; contact?: { phone?: string; email?: string; hours?: string | Words }
  stores?: { id: string; name: Words; address?: string; phone?: string }[]; help?: Words
}
export interface Contact { email?: string; phone?: string; language?: 'zh-CN' | 'en'; channels?: string[] }
