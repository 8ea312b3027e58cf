// Storage that a browser may refuse, as in a frame without cookies: then things last as long as the page.
const memory = new Map<string, string>()

export function remember(key: string, value: string, lasting = false) {
  memory.set(key, value)
  try { (lasting ? localStorage : sessionStorage).setItem(key, value) } catch { /* kept in memory */ }
}

export function recall(key: string, lasting = false): string | undefined {
  try { return (lasting ? localStorage : sessionStorage).getItem(key) ?? memory.get(key) } catch { return memory.get(key) }
}

export function forget(key: string) {
  memory.delete(key)
  try { sessionStorage.removeItem(key) } catch { /* kept in memory */ }
}
