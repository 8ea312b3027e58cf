// Who is logged in, and what the roles open. The server decides; here only what is shown.
import { computed, ref } from 'vue'
import { ask, loggedOut, Problem } from './api'

export type Role = 'merchant' | 'marketing' | 'support' | 'approver' | 'operator' | 'auditor' | 'staff' | 'service' | 'member'

export const session = ref<{ id: string, roles: Role[] } | null>(null)
export const asked = ref(false)
export const fault = ref<Problem | null>(null)

loggedOut.push(() => { session.value = null })

export async function readSession() {
  fault.value = null
  try {
    session.value = (await ask('GET', '/session')).body
  } catch (e) {
    session.value = null
    if (!(e instanceof Problem) || e.status !== 401) fault.value = e as Problem
  }
  asked.value = true
}

export const roles = computed(() => session.value?.roles ?? [])
export const may = (...some: Role[]) => roles.value.some(r => some.includes(r))
export const loginURL = () => '/console/login?to=' + encodeURIComponent('/console/' + location.hash)

export async function logout() {
  await fetch('/console/logout', { method: 'POST', credentials: 'same-origin' })
  session.value = null
}
