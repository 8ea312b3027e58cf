// What the server of the tests answers: a member with 6,480 points, items of each kind with each obstacle, a life of redemptions.
const DAY = 86400e3
const now = Date.now()
const at = days => new Date(now + days * DAY).toISOString()
// Midnight of Shanghai after so many days: lots expire there.
const midnight = days => new Date(Math.floor((now + days * DAY + 8 * 3600e3) / DAY) * DAY - 8 * 3600e3).toISOString()

const item = (id, zh, en, kind, points, more = {}) => ({ id, zh, en, kind, points, base: points, stock: 120, categories: [], zones: [], tiers: [], pictures: [`/pictures/${id === 'voucher-50' ? 'voucher' : id}.svg`], fulfilment: { physical: 'shipping', virtual: 'codes', service: 'booking', bundle: 'bundle' }[kind], ...more })

const items = [
  item('mug', '粗陶马克杯', 'Stoneware mug', 'physical', 640, { base: 800, list: 800, campaign: '0.8', categories: ['home'], stock: 9, rating: { average: '4.8', count: 126 }, zh2: '手工拉坯，釉色温润，容量 320 毫升。', en2: 'Thrown by hand, with a warm glaze. Holds 320 ml.', rebate: 64, zones: ['double'] }),
  item('voucher-50', '50 元代金券', '¥50 voucher', 'virtual', 4000, { base: 5000, list: 5000, campaign: '0.8', categories: ['voucher'], limit: 2, per: 'month', rating: { average: '4.9', count: 903 } }),
  item('tea-set', '山居茶具套装', 'Mountain tea set', 'bundle', 5200, { base: 6500, list: 6500, campaign: '0.8', categories: ['home'], stock: 3, components: [['mug', 2], ['tea', 1], ['tasting', 1]], rating: { average: '4.6', count: 18 } }),
  item('tasting', '周末品茶会', 'Weekend tea tasting', 'service', 1200, { categories: ['service'], stock: 12, limit: 1, per: 'ever', zones: ['double'], rebate: 120 }),
  item('tea', '明前龙井 50 克', 'Longjing tea, 50 g', 'physical', 1500, { categories: ['food'] }),
  item('headphones', '头戴降噪耳机', 'Noise-cancelling headphones', 'physical', 18000, { categories: ['digital'], stock: 40, rating: { average: '4.7', count: 51 } }),
  item('scarf', '羊绒围巾', 'Cashmere scarf', 'physical', 7200, { base: 8000, list: 7200, categories: ['fashion'] }),
  item('car-wash', '精致洗车一次', 'Car wash', 'service', 900, { categories: ['service'] }),
  item('video', '视频会员月卡', 'Video membership, a month', 'virtual', 1600, { categories: ['membership'], stock: 0 }),
  item('hotel-night', '湖畔套房一晚', 'A night in the lake suite', 'service', 8000, { categories: ['travel'], tiers: ['gold'], stock: 5 }),
  item('game-card', '游戏点卡', 'Game card', 'virtual', 2000, { categories: ['digital'], to: at(2) }),
  item('beauty', '面部护理', 'Facial treatment', 'service', 2600, { categories: ['beauty'] }),
]
const available = 6480, tier = 'silver'

export function fixtures() {
  const name = (i, en) => en ? i.en : i.zh
  const of = id => items.find(i => i.id === id)
  const state = {
    now: at(0), later: at, visited: [], items, categories: ['home', 'digital', 'fashion', 'food', 'voucher', 'membership', 'service', 'travel', 'beauty'], unread: 2,
    retailer: { name: { zh: '山茶生活', en: 'Camellia Living' }, colours: { primary: '#b5472c', accent: '#c98a2b' }, contact: { phone: '400-820-0000', email: 'help@example.com', hours: '09:00–21:00' }, stores: [{ id: 's1', name: { zh: '南京西路店', en: 'West Nanjing Road' }, address: '上海市静安区南京西路 1 号', phone: '021-6000-0001' }, { id: 's2', name: { zh: '湖滨店', en: 'Lakeside' }, address: '杭州市上城区湖滨路 8 号', phone: '0571-8000-0002' }] },
    balance: { member: 'm1001', available, pending: 320, frozen: 0, debt: 0, tier, as_of: at(0), next_expiries: [{ points: 50, expires_at: midnight(40) }, { points: 730, expires_at: midnight(110) }] },
    tier: { tier, since: at(-200), metric: 'spend', value: 1260000, currency: 'CNY', next: { tier: 'gold', from: 2000000, missing: 740000 }, keep: { until: midnight(400), missing: 0 }, levels: [{ id: 'normal', from: 0, multiplier: '1' }, { id: 'silver', from: 500000, multiplier: '1.5' }, { id: 'gold', from: 2000000, multiplier: '2' }] },
    expiries: { member: 'm1001', as_of: at(0), until: at(365), lasting: 2100, awaiting_completion: 320, debt: 0, activations: [], expiries: [[40, 50], [110, 730], [165, 1200], [240, 900], [330, 1500]].map(([d, points]) => ({ points, expires_at: midnight(d), last_day: new Date(Date.parse(midnight(d)) + 8 * 3600e3 - 1).toISOString().slice(0, 10) })) },
    leaderboard: { as_of: at(0), entries: [[1, 'a***7', 12890], [2, 'k***2', 9930], [2, 'w***9', 9930], [4, 'm***1', 6480, true], [5, 'z***3', 5210], [6, 'b***4', 3300]].map(([rank, member, points, me]) => ({ rank, member, points, ...(me && { me }) })), me: { rank: 4, points: 6480, visible: true } },
    addresses: [{ id: 'a1', name: '林晓', phone: '138 0000 0000', province: '上海市', city: '上海市', district: '静安区', street: '南京西路 1266 号 12 楼', postcode: '200040', country: 'CN', default: true }, { id: 'a2', name: '林晓', phone: '138 0000 0000', province: '浙江省', city: '杭州市', district: '西湖区', street: '龙井路 1 号', postcode: '310013', country: 'CN', default: false }],
    ratings: { ratings: [{ stars: 5, comment: '釉色比图片还好看，大小正合适。', at: at(-3), member: 'a***7' }, { stars: 4, comment: '包装很用心，杯口略厚。', at: at(-9), member: 'k***2' }] },
    item(i, en) {
      const obstacle = i.tiers.length && !i.tiers.includes(tier) ? 'tier_required' : i.stock === 0 ? 'sold_out' : i.points > available ? 'insufficient_points' : undefined
      return {
        id: i.id, name: name(i, en), kind: i.kind, description: (en ? i.en2 : i.zh2) ?? '', instructions: i.kind === 'service' ? (en ? 'Show the booking at the counter.' : '到店出示预约信息即可。') : '', pictures: i.pictures, categories: i.categories, zones: i.zones,
        points: i.points, list_points: i.list ?? i.points, base_points: i.base, price_version: 3, campaign: i.campaign && { id: 'anniversary', name: en ? 'Anniversary sale' : '周年庆 全场 8 折', price: i.campaign, to: at(2.2) }, rebate_points: i.rebate ?? 0,
        stock: i.stock, on_sale: true, sale_to: i.to, tiers: i.tiers, limit_per_member: i.limit ?? 0, limit_per: i.per ?? 'ever', fulfilment: i.fulfilment, components: (i.components ?? []).map(([id, quantity]) => ({ item: id, name: name(of(id), en), quantity })),
        rating: i.rating, obstacle, missing_points: obstacle === 'insufficient_points' ? i.points - available : undefined,
      }
    },
    quote: (i, quantity) => ({ quote: 'q', points: i.points * quantity, unit_points: i.points, list_points: i.list_points, campaign: i.campaign, rebate_points: i.rebate_points * quantity, lots: [{ lot: 'l1', points: Math.min(50, i.points), expires_at: midnight(40) }, { lot: 'l2', points: i.points * quantity - 50, expires_at: midnight(110) }], price_version: 3, expires_at: at(15 / 1440) }),
    campaigns: en => [
      { id: 'anniversary', on: 'redeem', name: en ? 'Anniversary sale' : '周年庆', state: 'running', from: at(-0.8), to: at(2.2), price: '0.8', items: 'all', entrance: true, picture: '/pictures/anniversary.svg' },
      { id: 'double-return', on: 'redeem', name: en ? 'Double back zone' : '双倍返还专区', state: 'upcoming', from: at(5), to: at(12), rebate_multiplier: '2', zone: 'double', entrance: true, picture: '/pictures/double.svg' },
    ],
    earning: en => en
      ? { rules: [['spend-basic', 'shop.order.paid.v1', '1 point for every full ¥10 spent; 1.5 × for Silver, 2 × for Gold.'], ['register', 'shop.member.registered.v1', '50 points when you register.'], ['share', 'shop.share.created.v1', '10 points for each shared product, up to 30 a day.'], ['referral', 'shop.order.paid.v1', '50 points when a friend buys through your link.'], ['review', 'shop.review.published.v1', '20 points for a review of 15 characters or more.']].map(([id, on, text]) => ({ id, on, text })), campaigns: [{ id: 'double-june', text: 'Double points on new designs this month.' }], validity: { text: 'Points are valid for one year.' }, tiers: [], metric: 'spend', version: '2026-05', timezone: 'Asia/Shanghai' }
      : { rules: [['spend-basic', 'shop.order.paid.v1', '消费每满 10 元得 1 积分，银卡 1.5 倍，金卡 2 倍。'], ['register', 'shop.member.registered.v1', '注册成为会员得 50 积分。'], ['share', 'shop.share.created.v1', '分享商品每件得 10 积分，每天最多 30 积分。'], ['referral', 'shop.order.paid.v1', '好友通过您的链接首次购买，您得 50 积分。'], ['review', 'shop.review.published.v1', '写 15 字以上的评价得 20 积分。']].map(([id, on, text]) => ({ id, on, text })), campaigns: [{ id: 'double-june', text: '本月新品双倍积分。' }], validity: { text: '积分自获得之日起一年内有效。' }, tiers: [], metric: 'spend', version: '2026-05', timezone: 'Asia/Shanghai' },
    entries: en => ({ as_of: at(0), entries: [
      ['granted', 179, -1, en ? 'order O1007; rule spend-basic (version 2026-05); ¥1,193.00 spent, 1 point for every full ¥10.00, 119 steps; tier silver ×1.5; 178.5, rounded down; 179 points' : '订单 O1007；规则 spend-basic（版本 2026-05）；消费 ¥1,193.00，每满 ¥10.00 得 1 分，共 119 份；等级 silver ×1.5；合 178.5，只舍不入；得 178 分'],
      ['redeemed', -640, -3, en ? 'redeemed mug × 1' : '兑换 mug × 1'], ['granted', 10, -6, en ? 'rule share; 10 points, fixed' : '规则 share（版本 2026-05）；固定 10 分；得 10 分'], ['reversed', -90, -12, en ? 'order O0988: returned' : '订单 O0988：退货，收回 90 积分'], ['tier_changed', 0, -200, en ? 'tier changed from normal to silver' : '等级由 normal 变为 silver'],
    ].map(([kind, points, d, explanation], n) => ({ id: 'e' + n, seq: 90 - n, kind, points, occurred_at: at(d), recorded_at: at(d), explanation, lots: [] })) }),
    messages: en => ({ unread: state.unread, messages: [['shipped', en ? 'Shipped' : '已发货', en ? 'Your Stoneware mug is on its way: SF 1400 2233 4455.' : '您兑换的「粗陶马克杯」已发出，顺丰 1400 2233 4455。', 'r-shipped', -0.4], ['expiring', en ? 'Points expire soon' : '积分即将到期', en ? '50 points can be spent until the day named in My points.' : '50 积分将在 40 天后到期，记得使用。', undefined, -1], ['welcome', en ? 'Welcome' : '欢迎加入', en ? '50 points for registering.' : '注册奖励 50 积分已到账。', undefined, -220]].map(([kind, title, text, redemption, d], n) => ({ id: 'n' + n, kind, title, text, at: at(d), read: n >= state.unread, redemption })) }),
    redemption: (r, en) => ({ ...r, key: undefined, text: undefined, polls: undefined, name: name(of(r.item), en) }),
    redeemed: (body, key, text, polls) => {
      const i = of(body.item), codes = i.fulfilment === 'codes'
      return { id: 'r-' + key, key, text, polls, state: codes ? 'fulfilled' : 'created', item: i.id, kind: i.kind, quantity: body.quantity, points: i.points * body.quantity, unit_points: i.points, list_points: i.list ?? i.points, price_version: 3, created_at: at(0), parts: [{ item: i.id, name: i.zh, quantity: body.quantity, fulfilment: i.fulfilment }], has_codes: codes, booking_url: i.fulfilment === 'booking' ? 'https://booking.example.com/' : undefined, steps: [{ step: 'created', at: at(0) }, ...(codes ? [{ step: 'fulfilled', at: at(0) }] : [])], returns: [], problems: [], rebate: i.rebate ? { points: i.rebate, state: 'pending' } : undefined, lots: [{ lot: 'l1', points: 50, expires_at: midnight(40) }, { lot: 'l2', points: i.points * body.quantity - 50, expires_at: midnight(110) }], can: codes ? ['report', 'rate'] : ['cancel'] }
    },
  }
  const past = (id, item, s, days, more = {}) => ({ ...state.redeemed({ item, quantity: 1 }, id, '', 0), id, key: id, state: s, created_at: at(days), steps: [{ step: 'created', at: at(days) }], ...more })
  state.redemptions = [
    past('r-created', 'tea', 'created', -0.1),
    past('r-shipped', 'mug', 'shipped', -2, { steps: [{ step: 'created', at: at(-2) }, { step: 'shipped', at: at(-0.4) }], tracking: { carrier: '顺丰速运', number: '1400 2233 4455', shipped_at: at(-0.4) }, can: [] }),
    past('r-code', 'voucher-50', 'fulfilled', -5, { steps: [{ step: 'created', at: at(-5) }, { step: 'fulfilled', at: at(-5) }], problems: [{ id: 'p1', reason: 'does_not_work', state: 'open', at: at(-1) }] }),
    past('r-booking', 'tasting', 'created', -6, { can: ['cancel'] }),
    past('r-delivered', 'mug', 'delivered', -9, { quantity: 2, points: 1280, steps: [{ step: 'created', at: at(-9) }, { step: 'shipped', at: at(-8) }, { step: 'delivered', at: at(-6) }], tracking: { carrier: '顺丰速运', number: '1400 9988 7766', shipped_at: at(-8) }, can: ['return', 'exchange', 'rate'], rebate: { points: 128, state: 'given' }, returns: [{ id: 'x1', kind: 'exchange', quantity: 1, reason: 'damaged', state: 'requested', at: at(-1) }] }),
    past('r-refused', 'headphones', 'refused', -20, { code: 'insufficient_points', points: 0, lots: [], can: [], rebate: undefined, parts: [] }),
    past('r-cancelled', 'tea', 'cancelled', -30, { steps: [{ step: 'created', at: at(-30) }, { step: 'cancelled', at: at(-29) }], can: [] }),
  ]
  return state
}
