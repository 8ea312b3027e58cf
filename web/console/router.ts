import { createRouter, createWebHashHistory } from 'vue-router'
import { w } from './lang'
import { may, type Role } from './session'
import { followReleases } from '../release'

export interface Entry { path: string, name: () => string, roles: Role[], page: () => Promise<any>, nav?: boolean }

const seeMembers: Role[] = ['staff', 'support', 'operator', 'auditor', 'approver']
export const entries: Entry[] = [
  { path: '/', name: () => w('总览', 'Overview'), roles: ['merchant', 'marketing', 'support', 'approver', 'operator', 'auditor', 'staff'], page: () => import('./pages/Overview.vue'), nav: true },
  { path: '/items', name: () => w('商品', 'Items'), roles: ['merchant', 'marketing'], page: () => import('./pages/Items.vue'), nav: true },
  { path: '/items/:id', name: () => w('商品', 'Item'), roles: ['merchant', 'marketing'], page: () => import('./pages/Item.vue') },
  { path: '/campaigns', name: () => w('活动', 'Campaigns'), roles: ['merchant', 'marketing', 'operator'], page: () => import('./pages/Campaigns.vue'), nav: true },
  { path: '/fulfilment', name: () => w('履约', 'Fulfilment'), roles: ['merchant', 'support'], page: () => import('./pages/Fulfilment.vue'), nav: true },
  { path: '/members/:id?', name: () => w('会员', 'Members'), roles: seeMembers, page: () => import('./pages/Members.vue'), nav: true },
  { path: '/approvals', name: () => w('审批', 'Approvals'), roles: ['approver', 'support', 'operator', 'auditor'], page: () => import('./pages/Approvals.vue'), nav: true },
  { path: '/reports', name: () => w('报表', 'Reports'), roles: ['merchant', 'marketing', 'operator', 'auditor'], page: () => import('./pages/Reports.vue'), nav: true },
  { path: '/rules', name: () => w('规则', 'Rules'), roles: ['marketing', 'merchant', 'support', 'approver', 'operator', 'auditor'], page: () => import('./pages/Rules.vue'), nav: true },
  { path: '/dead-letters', name: () => w('死信', 'Dead letters'), roles: ['operator', 'support'], page: () => import('./pages/DeadLetters.vue'), nav: true },
  { path: '/audit', name: () => w('审计日志', 'Audit log'), roles: ['auditor'], page: () => import('./pages/AuditLog.vue'), nav: true },
  { path: '/operations', name: () => w('运行状态', 'Operations'), roles: ['operator', 'auditor'], page: () => import('./pages/Operations.vue'), nav: true },
  { path: '/settings', name: () => w('商城设置', 'Settings'), roles: ['operator', 'marketing'], page: () => import('./pages/Settings.vue'), nav: true },
]

export const router = createRouter({
  history: createWebHashHistory('/console/'),
  routes: [
    ...entries.map(e => ({ path: e.path, component: e.page, meta: { entry: e } })),
    { path: '/:rest(.*)*', component: () => import('./pages/Missing.vue') },
  ],
  scrollBehavior: () => ({ top: 0 }),
})

followReleases(router)

export const open = (e?: Entry) => !e || may(...e.roles)
