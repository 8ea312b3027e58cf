// The way to the API: the token, the language, and problems (RFC 9457) as errors.
import { reactive } from 'vue'
import { language } from './i18n'
import { endSession, session } from './session'

// Problem is an answer that refuses, or that did not come: status 0 is a lost connection.
export class Problem extends Error {
  constructor(readonly status: number, readonly code: string, readonly detail = '', readonly errors: { location?: string; message?: string }[] = [], readonly retryAfter = 0) {
    super(code)
  }
  // again says that the same request may work later: nothing is decided.
  get again() { return this.status === 0 || this.status === 429 || this.status >= 500 || this.code === 'stale' || this.code === 'request_timeout' }
}

export interface Answer<T> { status: number; body: T; location?: string; retryAfter: number; etag?: string }
export interface Options { body?: unknown; key?: string; headers?: Record<string, string>; keepalive?: boolean }

export async function request<T>(method: string, path: string, o: Options = {}): Promise<Answer<T>> {
  const headers: Record<string, string> = { Accept: 'application/json', 'Accept-Language': language(), ...o.headers }
  if (session.token) headers.Authorization = 'Bearer ' + session.token
  if (o.body !== undefined) headers['Content-Type'] = 'application/json'
  if (o.key) headers['Idempotency-Key'] = o.key
  let res: Response
  try {
    res = await fetch(path, { method, headers, body: o.body === undefined ? undefined : JSON.stringify(o.body), keepalive: o.keepalive, signal: o.keepalive ? undefined : AbortSignal.timeout(30_000) })
  } catch {
    throw new Problem(0, 'offline')
  }
  const seconds = Number(res.headers.get('Retry-After')) || 0
  const text = await res.text().catch(() => { throw new Problem(0, 'offline') })
  let body: any = undefined
  try { body = text ? JSON.parse(text) : undefined } catch { /* a proxy's own words */ }
  if (res.status === 401) endSession()
  if (!res.ok) throw new Problem(res.status, body?.code ?? (res.status >= 500 ? 'unavailable' : 'internal'), body?.detail, body?.errors, seconds)
  return { status: res.status, body: body as T, location: res.headers.get('Location') ?? undefined, retryAfter: seconds, etag: res.headers.get('ETag') ?? undefined }
}

export const get = async <T>(path: string) => (await request<T>('GET', path)).body
export const post = async <T>(path: string, body: unknown, key?: string) => (await request<T>('POST', path, { body, key })).body
export const put = async <T>(path: string, body: unknown) => (await request<T>('PUT', path, { body })).body

// query makes a query string of what is given.
export function query(of: Record<string, string | number | boolean | undefined>): string {
  const q = new URLSearchParams()
  for (const [k, v] of Object.entries(of)) if (v !== undefined && v !== '' && v !== false) q.set(k, String(v))
  const s = q.toString()
  return s && '?' + s
}

export interface Load<T> { data?: T; problem?: Problem; loading: boolean; reload: () => Promise<void> }

// load reads something for a page and says how that went; a later reading wins over an earlier one.
export function load<T>(read: () => Promise<T>, at_once = true): Load<T> {
  let turn = 0
  const l = reactive({
    data: undefined, problem: undefined, loading: at_once,
    async reload() {
      const mine = ++turn
      l.loading = true
      try {
        const data = await read()
        if (mine === turn) { l.data = data; l.problem = undefined }
      } catch (e) {
        if (mine === turn) l.problem = asProblem(e)
      } finally {
        if (mine === turn) l.loading = false
      }
    },
  }) as Load<T>
  if (at_once) void l.reload()
  return l
}

// settled says that all of a page was read, or could not be. Shown before, what comes later would move what is there.
export const settled = (...all: Load<unknown>[]) => all.every(l => l.data !== undefined || l.problem)

export function asProblem(e: unknown): Problem {
  if (e instanceof Problem) return e
  console.error(e)
  return new Problem(-1, 'internal')
}
