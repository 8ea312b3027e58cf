// What every page shows of the member: the balance, and how many messages are unread.
import { reactive } from 'vue'
import { get, load } from './api'
import type { Balance, Messages } from './types'

export const account = load(() => get<Balance>('/v1/me/balance'), false)
export const unread = reactive({ count: 0 })

export async function readUnread() {
  try { unread.count = (await get<Messages>('/v1/me/messages?limit=1')).unread } catch { /* no number is shown */ }
}

export function refresh() {
  void account.reload()
  void readUnread()
}
