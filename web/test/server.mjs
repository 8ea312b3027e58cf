// A small server for the tests of the pages alone: it serves dist with the headers of the real one and answers /v1 in the
// API's shapes from memory. It is no part of what is shipped; the whole system is tested by test/e2e.
import { createServer } from 'node:http'
import { readFile } from 'node:fs/promises'
import { extname, join, normalize } from 'node:path'
import { fixtures } from './fixtures.mjs'

const types = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml' }
const policy = "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: https:; connect-src 'self'; frame-ancestors 'self'; base-uri 'none'; form-action 'self'"

// visitPages are those that the API takes (topics.VisitPages), as the tests in Go say; without them any is taken.
const visitPages = process.env.VISIT_PAGES?.split(',')

// start serves dist on a free port of the loopback. The answer's `state` can be changed by a test: state.refuse is a code
// that redemptions are refused with, state.slow makes them 202 first, state.drop breaks connections.
export async function start(dist) {
  const state = { ...fixtures(), refuse: '', slow: 0, drop: 0, empty: false, seen: [] }
  const server = createServer((req, res) => handle(state, dist, req, res).catch(e => { console.error(e); res.writeHead(500).end() }))
  await new Promise(done => server.listen(0, '127.0.0.1', done))
  return { url: `http://127.0.0.1:${server.address().port}`, state, close: () => { server.closeAllConnections(); server.close() } }
}

async function handle(state, dist, req, res) {
  const url = new URL(req.url, 'http://x')
  if (url.pathname.startsWith('/v1/')) return api(state, req, res, url)
  if (url.pathname === '/shop.html') return send(res, 200, '<!doctype html><html lang="zh-CN"><title>shop</title><main><h1>shop</h1><script src="/badge.js" data-token="t" data-lang="zh-CN" data-mall="/"></script></main>', 'text/html; charset=utf-8')
  const name = normalize(url.pathname.endsWith('/') ? url.pathname + 'index.html' : url.pathname)
  try {
    const text = await readFile(join(dist, name))
    send(res, 200, text, types[extname(name)] ?? 'application/octet-stream')
  } catch { send(res, 404, 'not found', 'text/plain') }
}

function send(res, status, body, type, more = {}) {
  res.writeHead(status, { 'Content-Type': type, 'Content-Security-Policy': policy, 'X-Content-Type-Options': 'nosniff', ...more }).end(body)
}
const json = (res, status, body, more) => send(res, status, JSON.stringify(body), status >= 400 ? 'application/problem+json' : 'application/json', more)
const problem = (res, status, code, more) => json(res, status, { type: 'urn:jifen:problem:' + code, status, code, title: code, detail: code }, more)

async function api(state, req, res, url) {
  let text = ''
  for await (const chunk of req) text += chunk
  const body = text ? JSON.parse(text) : undefined
  const path = url.pathname.slice(4), q = url.searchParams
  state.seen.push({ method: req.method, path, key: req.headers['idempotency-key'], body })
  if (path === 'retailer') return json(res, 200, state.retailer)
  if (req.headers.authorization !== 'Bearer t') return problem(res, 401, 'unauthorized')
  const en = (req.headers['accept-language'] ?? '').startsWith('en')
  const item = i => state.item(i, en)
  const [, one, rest] = /^([^/]+\/[^/]+)(?:\/(.*))?$/.exec(path) ?? []
  if (req.method === 'GET') {
    switch (path) {
      case 'me/balance': return json(res, 200, state.balance)
      case 'items': {
        let all = state.items.map(item)
        for (const f of ['kind']) if (q.get(f)) all = all.filter(i => i[f] === q.get(f))
        if (q.get('category')) all = all.filter(i => i.categories.includes(q.get('category')))
        if (q.get('zone')) all = all.filter(i => i.zones.includes(q.get('zone')))
        if (q.get('affordable')) all = all.filter(i => !i.obstacle)
        if (q.get('q')) all = all.filter(i => i.name.includes(q.get('q')))
        if (q.get('sort')?.endsWith('points')) all.sort((a, b) => (a.points - b.points) * (q.get('sort')[0] === '-' ? -1 : 1))
        return json(res, 200, { items: state.empty ? [] : all, categories: state.categories })
      }
      case 'campaigns': return json(res, 200, { campaigns: state.campaigns(en) })
      case 'earning': return json(res, 200, state.earning(en))
      case 'me/tier': return json(res, 200, state.tier)
      case 'me/entries': return json(res, 200, state.empty ? { entries: [], as_of: state.now } : state.entries(en))
      case 'me/expiries': {
        const until = new Date(state.expiries.as_of)
        until.setUTCMonth(until.getUTCMonth() + Number(q.get('months') ?? 12))
        return json(res, 200, { ...state.expiries, until: until.toISOString(), expiries: state.expiries.expiries.filter(e => Date.parse(e.expires_at) < until) })
      }
      case 'leaderboard': return json(res, 200, { ...state.leaderboard, period: q.get('period') })
      case 'me/messages': return json(res, 200, state.messages(en))
      case 'me/addresses': return json(res, 200, { addresses: state.addresses })
      case 'me/contact': return json(res, 200, { email: 'lin@example.com', language: 'zh-CN', channels: ['email'] })
      case 'me/redemptions': return json(res, 200, { redemptions: state.empty ? [] : state.redemptions.filter(r => !q.get('state') || r.state === q.get('state')).map(r => state.redemption(r, en)) })
    }
    const found = one?.startsWith('items/') && state.items.find(i => i.id === decodeURIComponent(one.slice(6)))
    if (found) return json(res, 200, rest === 'ratings' ? state.ratings : item(found))
    const r = one?.startsWith('redemptions/') && state.redemptions.find(x => x.id === one.slice(12))
    if (r && state.drop > 0) { state.drop--; return req.socket.destroy() }
    if (r && rest === 'codes') return json(res, 200, { codes: [{ item: 'voucher-50', code: 'JF7K-29QX-M4TD', expires: state.later(200) }] }, { 'Cache-Control': 'no-store' })
    if (r) { if (r.polls > 0) { r.polls--; return json(res, 200, { ...r, state: 'pending' }, { 'Retry-After': '1' }) } return json(res, 200, state.redemption(r, en)) }
    return problem(res, 404, 'not_found')
  }
  switch (path) {
    case 'visits': {
      const wrong = body.views.flatMap((v, n) => visitPages && !visitPages.includes(v.page) ? [`body.views[${n}].page`] : v.item && !state.items.some(i => i.id === v.item) ? [`body.views[${n}].item`] : [])
      if (wrong.length) return json(res, 422, { status: 422, code: 'invalid', errors: wrong.map(location => ({ location })) })
      state.visited.push(...body.views)
      return json(res, 202, {})
    }
    case 'me/messages/read': state.unread = 0; return json(res, 200, {})
    case 'me/leaderboard': state.leaderboard.me.visible = body.visible; return json(res, 200, body)
    case 'me/contact': return json(res, 200, body)
    case 'me/addresses': { const a = { id: 'a' + (state.addresses.length + 1), ...body }; state.addresses.push(a); return json(res, 201, a) }
    case 'quotes': { const i = item(state.items.find(x => x.id === body.item)); if (i.obstacle) return problem(res, 409, i.obstacle); return json(res, 200, state.quote(i, body.quantity)) }
    case 'redemptions': return redeem(state, req, res, body)
  }
  if (one?.startsWith('me/addresses') || one === 'me/addresses') {
    if (req.method === 'DELETE') { state.addresses = state.addresses.filter(a => a.id !== rest); return send(res, 204, '', 'text/plain') }
    return json(res, 200, { ...body, id: rest })
  }
  const r = state.redemptions.find(x => x.id === one?.slice(12))
  if (r && rest) {
    if (rest === 'cancel') { r.state = 'cancelled'; r.can = []; r.steps.push({ step: 'cancelled', at: state.now }) }
    return json(res, rest === 'rating' ? 200 : 201, { ...r, ...(rest === 'rating' && { rating: body }) })
  }
  return problem(res, 404, 'not_found')
}

function redeem(state, req, res, body) {
  const key = req.headers['idempotency-key']
  if (!key) return problem(res, 400, 'idempotency_key_missing')
  const text = JSON.stringify(body)
  let r = state.redemptions.find(x => x.key === key)
  if (r && r.text !== text) return problem(res, 422, 'idempotency_conflict')
  if (!r) {
    if (state.refuse) return problem(res, 409, state.refuse)
    r = state.redeemed(body, key, text, state.slow)
    state.redemptions.unshift(r)
  }
  if (state.drop > 0) { state.drop--; return req.socket.destroy() } // it is decided, and nobody hears of it
  if (r.polls > 0) return json(res, 202, { id: r.id, state: 'pending', item: r.item, quantity: r.quantity, points: 0 }, { Location: '/v1/redemptions/' + r.id, 'Retry-After': '1' })
  return json(res, 201, state.redemption(r))
}
