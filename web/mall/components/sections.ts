// The five places that every page leads to.
export const sections = [
  { name: 'home', to: '/', icon: 'home', match: (p: string) => p === '/' },
  { name: 'items', to: '/items', icon: 'gift', match: (p: string) => p.startsWith('/items') },
  { name: 'redemptions', to: '/redemptions', icon: 'box', match: (p: string) => p.startsWith('/redemptions') || p === '/order' },
  { name: 'points', to: '/points', icon: 'coin', match: (p: string) => p === '/points' || p === '/leaderboard' },
  { name: 'me', to: '/me', icon: 'person', match: (p: string) => ['/me', '/messages', '/addresses', '/help'].includes(p) },
]
