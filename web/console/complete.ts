// Completion of rulebooks by their JSON schema: the keys that fit where the cursor is, and the values that a key may have.
import type { CompletionContext, CompletionResult } from '@codemirror/autocomplete'

type Schema = any

function resolve(root: Schema, s: Schema): Schema[] {
  if (!s) return []
  if (s.$ref) return resolve(root, s.$ref.replace(/^#\//, '').split('/').reduce((at: any, k: string) => at?.[k], root))
  return [s, ...['anyOf', 'oneOf', 'allOf'].flatMap(k => (s[k] ?? []).flatMap((x: Schema) => resolve(root, x)))]
}

// trail is the keys above a line, by indentation; a list's items are '*'.
export function trail(lines: string[], at: number, indent: number): string[] {
  const out: string[] = []
  for (let i = at; i >= 0 && indent >= 0; i--) {
    const m = /^(\s*)((?:- +)*)(?:([\w.-]+):)?/.exec(lines[i])
    if (!m || !lines[i].trim() || lines[i].trim().startsWith('#')) continue
    const dash = m[1].length, key = dash + m[2].length
    if (m[2] && key <= indent && i < at && dash < indent) { // an item begins here
      if (key < indent && m[3]) out.unshift(m[3])
      out.unshift('*')
      indent = dash
      if (dash === 0) break
      continue
    }
    if (!m[2] && key < indent && m[3] || m[3] && !m[2] && out[0] === '*' && key <= indent && i < at) {
      out.unshift(m[3])
      indent = key
      if (key === 0) break
    }
  }
  return out
}

function descend(root: Schema, keys: string[]): Schema[] {
  let at = resolve(root, root)
  for (const k of keys) {
    at = at.flatMap(s => k === '*' ? resolve(root, s.items) : resolve(root, s.properties?.[k] ?? (typeof s.additionalProperties === 'object' ? s.additionalProperties : undefined)))
  }
  return at
}

export function complete(c: CompletionContext, schema: Schema): CompletionResult | null {
  if (!schema) return null
  const line = c.state.doc.lineAt(c.pos)
  const before = line.text.slice(0, c.pos - line.from)
  const lines = c.state.doc.toString().split('\n')
  const value = /^(\s*(?:- +)*)([\w.-]+):\s+([^\s#]*)$/.exec(before)
  const key = /^(\s*(?:- +)*)([\w.-]*)$/.exec(before)
  const indent = (value ?? key)?.[1].length
  if (indent === undefined || (!c.explicit && !(value ?? key)![value ? 3 : 2])) return null
  const item = (value ?? key)![1].includes('-')
  const above = trail(lines, line.number - 1 - (item ? 1 : 0), item ? (value ?? key)![1].indexOf('-') + 1 : indent)
  const keys = item ? [...above, '*'].filter((k, i, all) => !(k === '*' && all[i - 1] === '*')) : above
  const here = descend(schema, keys)
  if (value) {
    const options = here.flatMap(s => resolve(schema, s.properties?.[value[2]])).flatMap(s => [...(s.enum ?? []), ...(s.const !== undefined ? [s.const] : []), ...(s.type === 'boolean' ? [true, false] : [])])
    return options.length ? { from: c.pos - value[3].length, options: [...new Set(options)].map(o => ({ label: String(o), type: 'enum' })) } : null
  }
  const seen = new Map<string, string>()
  for (const s of here) for (const [k, p] of Object.entries<any>(s.properties ?? {})) seen.set(k, p.description ?? resolve(schema, p)[0]?.description ?? '')
  return seen.size ? { from: c.pos - key![2].length, options: [...seen].map(([k, info]) => ({ label: k, type: 'property', info: info || undefined, apply: k + ': ' })) } : null
}
