// Who the shop is: name, logo, colours, contact, stores; read without a token.
import { ref } from 'vue'
import type { Retailer } from './types'

export const retailer = ref<Retailer>({ name: { zh: '积分商城', en: 'Points Mall' } })

export async function readRetailer() {
  try {
    const res = await fetch('/v1/retailer', { headers: { Accept: 'application/json' } })
    if (res.ok) retailer.value = await res.json()
  } catch { /* the mall works with its own name and colours */ }
}
