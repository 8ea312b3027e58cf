// One redemption on its way. Its key and body are kept before they are sent, so that a lost connection, a reload or a full
// server repeats the very same request, and the API answers what it decided the first time.
import { reactive } from 'vue'
import { Problem, asProblem, request } from './api'
import { refresh } from './account'
import { forget, recall, remember } from './storage'
import type { Redemption } from './types'

export interface OrderBody { item: string; quantity: number; quote?: string; address?: unknown }
interface Kept { key: string; body: OrderBody; name: string; member: string; location?: string }

const KEY = 'jifen.order'

export type Phase = 'none' | 'sending' | 'waiting' | 'offline' | 'done' | 'refused'
export const order = reactive<{ phase: Phase; kept?: Kept; result?: Redemption; problem?: Problem }>({ phase: 'none' })

export function begin(body: OrderBody, name: string, member: string) {
  keep({ key: crypto.randomUUID(), body, name, member })
  order.result = order.problem = undefined
  return drive()
}

// resume goes on with what an earlier page left; it says whether there was anything.
export function resume(member: string): boolean {
  const text = recall(KEY)
  if (!text || order.phase !== 'none') return order.phase !== 'none'
  try {
    const kept = JSON.parse(text) as Kept
    if (kept.member !== member) { // somebody else has signed in
      forget(KEY)
      return false
    }
    order.kept = kept
  } catch {
    forget(KEY)
    return false
  }
  void drive()
  return true
}

export function clear() {
  order.phase = 'none'
  order.kept = order.result = order.problem = undefined
  forget(KEY)
}

function keep(k: Kept) {
  order.kept = k
  remember(KEY, JSON.stringify(k))
}

let driving = false
async function drive() {
  if (driving) return
  driving = true
  try {
    for (let turn = 0; order.kept; turn++) {
      try {
        if (await step(order.kept)) return
      } catch (e) {
        const p = asProblem(e)
        if (p.status === 401) { order.phase = 'offline'; return } // it goes on when the member is back
        if (!p.again) { finish({ problem: p }); return }
        order.phase = p.status === 0 ? 'offline' : 'waiting'
        await pause(p.retryAfter || Math.min(2 ** turn, 15))
      }
    }
  } finally {
    driving = false
  }
}

// step sends the request, or asks for its outcome; true when it is decided.
async function step(k: Kept): Promise<boolean> {
  if (!k.location) {
    order.phase = order.phase === 'none' || order.phase === 'done' || order.phase === 'refused' ? 'sending' : order.phase
    const a = await request<Redemption>('POST', '/v1/redemptions', { body: k.body, key: k.key })
    if (a.status !== 202) { finish({ result: a.body }); return true }
    keep({ ...k, location: a.location })
    order.phase = 'waiting'
    await pause(a.retryAfter || 1)
    return false
  }
  const a = await request<Redemption>('GET', k.location)
  if (a.body.state !== 'pending') { finish({ result: a.body }); return true }
  order.phase = 'waiting'
  await pause(a.retryAfter || 1)
  return false
}

function finish(o: { result?: Redemption; problem?: Problem }) {
  order.result = o.result
  order.problem = o.problem ?? (o.result?.state === 'refused' ? new Problem(409, o.result.code ?? 'internal') : undefined)
  order.phase = order.problem ? 'refused' : 'done'
  forget(KEY)
  refresh()
}

// pause ends early when the connection is back.
function pause(seconds: number): Promise<void> {
  return new Promise(resolve => {
    const end = () => { clearTimeout(timer); removeEventListener('online', end); resolve() }
    const timer = setTimeout(end, seconds * 1000)
    addEventListener('online', end)
  })
}
