// Both languages of a text stand at the place that shows it: w('保存', 'Save').
import { ref, watchEffect } from 'vue'

export type Lang = 'zh-CN' | 'en'
const KEY = 'jifen.console.lang'

function kept(): Lang {
  try { return localStorage.getItem(KEY) === 'en' ? 'en' : 'zh-CN' } catch { return 'zh-CN' }
}

export const lang = ref<Lang>(kept())
export const w = (zh: string, en: string) => lang.value === 'en' ? en : zh
// named is a text that the server keeps in both languages.
export const named = (t?: { zh?: string, en?: string } | string) =>
  typeof t === 'string' ? t : (lang.value === 'en' ? t?.en || t?.zh : t?.zh || t?.en) ?? ''

export function setLang(l: Lang) {
  lang.value = l
  try { localStorage.setItem(KEY, l) } catch { /* the choice holds for this visit */ }
}

watchEffect(() => {
  document.documentElement.lang = lang.value
})
