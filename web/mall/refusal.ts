// What a member does next after each refusal; its words are in locales under refusal.<code>.

export interface Next { words: string; to?: string } // without a place it repeats what was asked

export function nextStep(code: string, status: number, item?: string): Next {
  switch (code) {
    case 'insufficient_points': return { words: 'next.earn', to: '/?see=earn' }
    case 'sold_out': case 'not_on_sale': return { words: 'next.others', to: '/items' }
    case 'limit_reached': return { words: 'next.redemptions', to: '/redemptions' }
    case 'tier_required': return { words: 'next.tier', to: '/points' }
    case 'frozen': case 'merged': case 'erased': case 'forbidden': return { words: 'next.help', to: '/help' }
    case 'debt': return { words: 'next.points', to: '/points' }
    case 'price_changed': case 'quote_invalid': case 'idempotency_conflict': return item ? { words: 'next.price', to: '/items/' + encodeURIComponent(item) } : { words: 'next.others', to: '/items' }
    case 'address_required': case 'too_many_addresses': return { words: 'next.address', to: '/addresses' }
    case 'not_found': return { words: 'next.home', to: '/' }
    case 'too_late': case 'not_possible': case 'too_much': return { words: 'next.help', to: '/help' }
  }
  return status === 0 || status === 429 || status >= 500 || code === 'stale' ? { words: 'next.again' } : { words: 'next.again' }
}
