// Words: Chinese by default, English when chosen or preferred; only the one that is needed is loaded.
import { nextTick, ref } from 'vue'
import { createI18n } from 'vue-i18n'
import { recall, remember } from './storage'
import type zh from './locales/zh'

export type Language = 'zh-CN' | 'en'
type Texts = typeof zh

const KEY = 'jifen.language'
const texts: Record<Language, () => Promise<{ default: Texts }>> = { 'zh-CN': () => import('./locales/zh'), en: () => import('./locales/en') }
const current = ref<Language>('zh-CN')

export const i18n = createI18n({ legacy: false, locale: 'zh-CN', fallbackLocale: 'zh-CN', missingWarn: false, fallbackWarn: false, messages: {} as Record<string, any> })

export const language = () => current.value

function chosen(): Language {
  const asked = new URLSearchParams(location.search).get('lang') ?? recall(KEY, true)
  return asked === 'en' || asked === 'zh-CN' ? asked : 'zh-CN'
}

export async function useLanguage(l: Language = chosen(), keep = false) {
  i18n.global.setLocaleMessage(l, (await texts[l]()).default)
  current.value = l
  i18n.global.locale.value = l
  document.documentElement.lang = l
  if (keep) remember(KEY, l, true)
  await nextTick()
}

// words picks from a text that an answer has in both languages.
export const words = (w?: { zh?: string; en?: string } | string) => typeof w === 'string' ? w : (current.value === 'en' ? w?.en || w?.zh : w?.zh || w?.en) ?? ''
