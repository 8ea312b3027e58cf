// What every page shows of the member and the program: the balance, how many messages are unread, how points are earned,
// and what time it is there.
import { reactive, watch } from 'vue'
import { get, load } from './api'
import type { Balance, Earning, Messages } from './types'

export const account = load(() => get<Balance>('/v1/me/balance'), false)
export const earning = load(() => get<Earning>('/v1/earning'), false)
export const unread = reactive({ count: 0 })

// The program's clock may be another one than the device's: devices go wrong, and a demo lives in the past.
let ahead = 0
watch(() => account.data?.as_of, at => { if (at) ahead = Date.parse(at) - Date.now() })
export const now = () => Date.now() + ahead

// zone is the program's time zone, in which points expire and campaigns end.
export const zone = () => earning.data?.timezone ?? 'Asia/Shanghai'

export async function readUnread() {
  try { unread.count = (await get<Messages>('/v1/me/messages?limit=1')).unread } catch { /* no number is shown */ }
}

export function refresh() {
  void account.reload()
  void readUnread()
}
