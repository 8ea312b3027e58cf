// Which pages, items and campaigns members look at (R58), sent in batches; losing some harms nobody.
import { Problem, request } from './api'
import { session } from './session'

interface View { page: string; item?: string; campaign?: string }
const MOST = 50
let views: View[] = []
let timer = 0

export function view(v: View) {
  views.push(v)
  clearTimeout(timer)
  if (views.length >= MOST) send()
  else timer = window.setTimeout(send, 4000)
}

function send() {
  clearTimeout(timer)
  if (!session.token || session.ended || views.length === 0) return
  const batch = views.splice(0, MOST)
  post(batch).catch(e => {
    const left = batch.filter((_, n) => !refused(e).some(at => at?.startsWith(`body.views[${n}]`)))
    if (left.length < batch.length && left.length) return post(left)
  }).catch(() => {})
}

const post = (batch: View[]) => request('POST', '/v1/visits', { body: { views: batch }, keepalive: true })

// A view that is none, of an item that there is not, is refused with all that came along: they are sent without it.
const refused = (e: unknown) => e instanceof Problem && e.status === 422 ? e.errors.map(x => x.location) : []

// A page that is hidden may never be shown again. sendBeacon cannot carry the token, fetch with keepalive can.
document.addEventListener('visibilitychange', () => { if (document.visibilityState === 'hidden') send() })
