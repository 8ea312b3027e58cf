// Light and dark: as the device says, unless chosen.
import { ref, watchEffect } from 'vue'
import { palette } from './colour'
import { retailer } from './retailer'
import { recall, remember } from './storage'

export type Theme = 'auto' | 'light' | 'dark'
const KEY = 'jifen.theme'
const device = matchMedia('(prefers-color-scheme: dark)')
const deviceDark = ref(device.matches)
device.addEventListener('change', e => { deviceDark.value = e.matches })

const kept = recall(KEY, true)
export const theme = ref<Theme>(kept === 'light' || kept === 'dark' ? kept : 'auto')
export const dark = () => theme.value === 'dark' || (theme.value === 'auto' && deviceDark.value)

export function setTheme(t: Theme) {
  theme.value = t
  remember(KEY, t, true)
}

export function applyTheme() {
  watchEffect(() => {
    const root = document.documentElement
    root.dataset.theme = dark() ? 'dark' : 'light'
    root.classList.toggle('van-theme-dark', dark())
    const c = retailer.value.colours
    for (const [k, v] of Object.entries(palette(c?.primary ?? '', c?.accent ?? '', dark()))) root.style.setProperty(k, v)
  })
}
