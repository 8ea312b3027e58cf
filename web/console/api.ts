// The API, with the session's cookie. Every fault is a Problem with words in the language asked for.
import { lang, w } from './lang'

export interface Detail { location: string, message: string }

export class Problem extends Error {
  constructor(readonly status: number, readonly code: string, readonly title: string, readonly detail = '', readonly errors: Detail[] = []) {
    super(title)
  }
}

export interface Answer<T> { status: number, body: T, etag: string, location: string }

export interface Options {
  query?: Record<string, string | number | boolean | undefined | null>
  body?: unknown
  text?: string // instead of body: as text/csv
  key?: string // Idempotency-Key
  etag?: string // If-Match
}

// loggedOut is told when the session has ended.
export const loggedOut: (() => void)[] = []
export const newKey = () => crypto.randomUUID()
export const path = (strings: TemplateStringsArray, ...ids: (string | number)[]) =>
  strings.reduce((all, s, i) => all + s + (i < ids.length ? encodeURIComponent(ids[i]) : ''), '')

export async function ask<T = any>(method: string, url: string, o: Options = {}): Promise<Answer<T>> {
  const query = new URLSearchParams()
  for (const [k, v] of Object.entries(o.query ?? {})) if (v !== undefined && v !== null && v !== '') query.set(k, String(v))
  const headers: Record<string, string> = { 'Accept': 'application/json', 'Accept-Language': lang.value }
  if (o.key) headers['Idempotency-Key'] = o.key
  if (o.etag) headers['If-Match'] = o.etag
  let body: string | undefined
  if (o.text !== undefined) {
    headers['Content-Type'] = 'text/csv'
    body = o.text
  } else if (o.body !== undefined) {
    headers['Content-Type'] = 'application/json'
    body = JSON.stringify(o.body)
  }
  let res: Response
  try {
    res = await fetch('/v1' + url + (query.size ? '?' + query : ''), { method, headers, body, credentials: 'same-origin', cache: 'no-store' })
  } catch {
    throw new Problem(0, 'unreachable', w('连接不上服务', 'The service cannot be reached'), w('请检查网络后重试；同一操作重复提交不会执行两次。', 'Check the network and try again; the same act sent twice is done once.'))
  }
  const text = await res.text()
  let parsed: any
  try { parsed = text ? JSON.parse(text) : undefined } catch { parsed = undefined }
  if (res.status === 401) loggedOut.forEach(f => f())
  if (!res.ok) throw new Problem(res.status, parsed?.code ?? String(res.status), parsed?.title ?? res.statusText, parsed?.detail, parsed?.errors ?? [])
  return { status: res.status, body: parsed as T, etag: res.headers.get('ETag') ?? '', location: res.headers.get('Location') ?? '' }
}

export const get = async <T = any>(url: string, query?: Options['query']) => (await ask<T>('GET', url, { query })).body
export const post = async <T = any>(url: string, body?: unknown, key?: string, query?: Options['query']) => (await ask<T>('POST', url, { body, key, query })).body
