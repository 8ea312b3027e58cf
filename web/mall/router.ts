import { createRouter, createWebHashHistory, type RouteRecordRaw } from 'vue-router'
import Home from './pages/Home.vue'
import { view } from './visits'
import { followReleases } from '../release'

// The name of a route is also the name of its page in visits (topics.VisitPages), and of its title.
const routes: RouteRecordRaw[] = [
  { path: '/', name: 'home', component: Home },
  { path: '/items', name: 'items', component: () => import('./pages/Items.vue') },
  { path: '/items/:id', name: 'item', component: () => import('./pages/Item.vue'), props: true },
  { path: '/items/:id/confirm', name: 'confirm', component: () => import('./pages/Confirm.vue'), props: r => ({ id: r.params.id, quantity: Math.max(1, Number(r.query.quantity) || 1) }) },
  { path: '/order', name: 'order', component: () => import('./pages/Order.vue') },
  { path: '/redemptions', name: 'redemptions', component: () => import('./pages/Redemptions.vue') },
  { path: '/redemptions/:id', name: 'redemption', component: () => import('./pages/Redemption.vue'), props: true },
  { path: '/points', name: 'points', component: () => import('./pages/Points.vue') },
  { path: '/leaderboard', name: 'leaderboard', component: () => import('./pages/Leaderboard.vue') },
  { path: '/messages', name: 'messages', component: () => import('./pages/Messages.vue') },
  { path: '/addresses', name: 'addresses', component: () => import('./pages/Addresses.vue') },
  { path: '/me', name: 'me', component: () => import('./pages/Me.vue') },
  { path: '/help', name: 'help', component: () => import('./pages/Help.vue') },
  { path: '/:rest(.*)', name: 'missing', component: () => import('./pages/Missing.vue') },
]

export const router = createRouter({
  history: createWebHashHistory(),
  routes,
  scrollBehavior: (_to, from, saved) => saved ?? (from.name ? { top: 0 } : undefined),
})

followReleases(router)
router.afterEach((to, from) => {
  if (to.path === from.path && from.matched.length || to.name === 'missing') return
  view({ page: String(to.name), item: to.name === 'item' || to.name === 'confirm' ? String(to.params.id) : undefined, campaign: to.query.campaign ? String(to.query.campaign) : undefined })
})
