// One dialog for every act: it asks for what the act needs, keeps the same Idempotency-Key while it is open, so that a
// second try after a lost connection is the same act, and stays open with the problem when it fails.
import { shallowRef } from 'vue'
import { newKey } from './api'

export interface Field {
  name: string
  label: string
  kind?: 'text' | 'area' | 'number' | 'select' | 'time' | 'switch'
  options?: { value: string, label: string }[]
  value?: any
  needed?: boolean
  pattern?: RegExp
  hint?: string
  max?: number
}

export interface Question {
  title: string
  text?: string
  fields?: Field[]
  confirm?: string
  danger?: boolean
  submit: (values: Record<string, any>, key: string) => Promise<unknown>
  done?: string
}

export const question = shallowRef<(Question & { key: string, resolve: (done: boolean) => void }) | null>(null)

// act asks, and is true when it was done.
export const act = (q: Question) => new Promise<boolean>(resolve => { question.value = { ...q, key: newKey(), resolve } })
