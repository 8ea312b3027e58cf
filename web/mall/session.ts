// The member's token. It comes in the address (#token=…, removed at once) or from the page that embeds this one, and lives
// in sessionStorage: closing the tab signs out.
import { reactive } from 'vue'
import { forget, recall, remember } from './storage'

const KEY = 'jifen.token'

export const embedded = new URLSearchParams(location.search).get('embed') === '1'

export const session = reactive({ token: takeFromAddress() ?? recall(KEY) ?? '', ended: false })

function takeFromAddress(): string | undefined {
  const found = /^#\/?(?:.*[&?])?token=([^&]+)/.exec(location.hash)
  if (!found) return undefined
  const token = decodeURIComponent(found[1]!)
  history.replaceState(history.state, '', location.pathname + location.search + '#/')
  remember(KEY, token)
  return token
}

// A link with a token may also come into a page that is open already.
addEventListener('hashchange', () => {
  const token = takeFromAddress()
  if (token) location.reload()
}, { capture: true })

export function setToken(token: string) {
  session.token = token
  session.ended = false
  remember(KEY, token)
}

// endSession is for an answer 401: the page asks to be opened from the shop again.
export function endSession() {
  session.ended = true
  forget(KEY)
  if (embedded) parent.postMessage({ type: 'jifen.token.ended' }, '*') // it holds no secret
}

// awaitParent takes the token from the parent alone; which pages can be that, the server's frame-ancestors says.
export function awaitParent(then: () => void) {
  addEventListener('message', e => {
    if (e.source !== parent || e.data?.type !== 'jifen.token' || typeof e.data.token !== 'string') return
    setToken(e.data.token)
    then()
  })
  parent.postMessage({ type: 'jifen.ready' }, '*') // it holds no secret
}
