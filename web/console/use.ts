// What pages read: one answer, or a list page by page.
import { onMounted, onUnmounted, ref, shallowRef, watch } from 'vue'
import { get, Problem } from './api'
import { lang } from './lang'

const asProblem = (e: unknown) => e instanceof Problem ? e : new Problem(0, 'internal', String(e))

export function useAnswer<T = any>(url: () => string | null, o: { query?: () => Record<string, any>, every?: number } = {}) {
  const data = shallowRef<T | null>(null)
  const problem = ref<Problem | null>(null)
  const loading = ref(false)
  let turn = 0
  async function read() {
    const at = url()
    if (!at) return
    const mine = ++turn
    loading.value = true
    try {
      const got = await get<T>(at, o.query?.())
      if (mine !== turn) return
      data.value = got
      problem.value = null
    } catch (e) {
      if (mine === turn) problem.value = asProblem(e)
    }
    if (mine === turn) loading.value = false
  }
  let timer: ReturnType<typeof setInterval> | undefined
  onMounted(() => {
    void read()
    if (o.every) timer = setInterval(() => { if (!document.hidden) void read() }, o.every)
  })
  onUnmounted(() => clearInterval(timer))
  watch(() => [url(), JSON.stringify(o.query?.() ?? null), lang.value], () => { data.value = null; void read() })
  return { data, problem, loading, read }
}

export function useList<T = any>(url: () => string | null, field: string, query: () => Record<string, any> = () => ({})) {
  const rows = shallowRef<T[]>([])
  const rest = shallowRef<any>(null) // what the answer says beside the list
  const next = ref('')
  const problem = ref<Problem | null>(null)
  const loading = ref(false)
  let turn = 0
  async function page(cursor: string) {
    const at = url()
    if (!at) return
    const mine = ++turn
    loading.value = true
    try {
      const got = await get<any>(at, { ...query(), cursor })
      if (mine !== turn) return
      rows.value = cursor ? rows.value.concat(got[field]) : got[field]
      rest.value = got
      next.value = got.next_cursor ?? ''
      problem.value = null
    } catch (e) {
      if (mine === turn) problem.value = asProblem(e)
    }
    if (mine === turn) loading.value = false
  }
  const read = () => page('')
  const more = () => page(next.value)
  onMounted(read)
  watch(() => [url(), JSON.stringify(query()), lang.value], read)
  return { rows, rest, next, problem, loading, read, more }
}
