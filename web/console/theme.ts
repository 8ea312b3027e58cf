// Light and dark: as the device says, unless chosen. Element Plus goes by the class `dark`.
import { ref, watchEffect } from 'vue'

const KEY = 'jifen.console.theme'
const device = matchMedia('(prefers-color-scheme: dark)')
function kept() {
  try { return localStorage.getItem(KEY) } catch { return null }
}
const chosen = kept()
export const dark = ref(chosen ? chosen === 'dark' : device.matches)
device.addEventListener('change', e => { if (!kept()) dark.value = e.matches })

export function setDark(on: boolean) {
  dark.value = on
  try { localStorage.setItem(KEY, on ? 'dark' : 'light') } catch { /* the choice holds for this visit */ }
}

watchEffect(() => {
  document.documentElement.classList.toggle('dark', dark.value)
})
