import { lang, w } from './lang'

export const num = (n?: number) => n === undefined || n === null ? '–' : n.toLocaleString(lang.value)
export const signed = (n: number) => (n > 0 ? '+' : '') + num(n)
// tone is the class of a change of points; one of none is neither good nor bad.
export const tone = (n: number) => n < 0 ? 'bad' : n > 0 ? 'good' : 'quiet'
export const when = (t?: string | null) => t ? new Date(t).toLocaleString(lang.value, { dateStyle: 'medium', timeStyle: 'short' }) : '–'
export const day = (t?: string | null) => t ? new Date(t).toLocaleDateString(lang.value, { dateStyle: 'medium' }) : '–'

// local is what <input type="datetime-local"> shows; instant is the way back.
export function local(t?: string | null) {
  if (!t) return ''
  const d = new Date(t)
  return new Date(d.getTime() - d.getTimezoneOffset() * 60000).toISOString().slice(0, 16)
}
export const instant = (v?: string) => v ? new Date(v).toISOString() : undefined

// left is how long until an instant, in the two largest units.
export function left(t: string, now: number) {
  const s = Math.max(0, Math.floor((new Date(t).getTime() - now) / 1000))
  const parts: [number, string, string][] = [[Math.floor(s / 86400), '天', 'd'], [Math.floor(s / 3600) % 24, '小时', 'h'], [Math.floor(s / 60) % 60, '分', 'min'], [s % 60, '秒', 's']]
  const first = parts.findIndex(p => p[0] > 0)
  if (first < 0) return w('已到', 'now')
  return parts.slice(first, first + 2).map(p => p[0] + w(p[1], ' ' + p[2])).join(' ')
}

// Words for what the API names.
const words: Record<string, [string, string]> = {
  physical: ['实物', 'Physical'], virtual: ['虚拟', 'Virtual'], service: ['服务', 'Service'], bundle: ['套装', 'Bundle'],
  shipping: ['发货', 'Shipping'], codes: ['兑换码', 'Codes'], booking: ['预约', 'Booking'], manual: ['人工', 'Manual'],
  created: ['已兑换', 'Created'], fulfilled: ['已履约', 'Fulfilled'], shipped: ['已发货', 'Shipped'], delivered: ['已送达', 'Delivered'], closed: ['已完结', 'Closed'],
  cancelled: ['已取消', 'Cancelled'], returned: ['已退回', 'Returned'], pending: ['处理中', 'Pending'], refused: ['被拒绝', 'Refused'],
  requested: ['待验收', 'Requested'], accepted: ['已接受', 'Accepted'], rejected: ['已拒绝', 'Rejected'], exchanged: ['已换货', 'Exchanged'], replaced: ['已补发', 'Replaced'], refunded: ['已退积分', 'Refunded'],
  open: ['未处理', 'Open'], released: ['已解除', 'Released'], confirmed: ['已确认', 'Confirmed'], proposed: ['待审批', 'Proposed'], applied: ['已生效', 'Applied'], declined: ['已驳回', 'Declined'],
  approved: ['已批准', 'Approved'], undo_proposed: ['待审批撤销', 'Undo proposed'], undo_approved: ['撤销已批准', 'Undo approved'], undone: ['已撤销', 'Undone'],
  in_force: ['生效中', 'In force'], coming: ['待生效', 'Coming'], past: ['已过期', 'Past'], running: ['进行中', 'Running'], upcoming: ['即将开始', 'Upcoming'],
  return: ['退货', 'Return'], exchange: ['换货', 'Exchange'], damaged: ['损坏', 'Damaged'], wrong_item: ['发错商品', 'Wrong item'], not_as_described: ['与描述不符', 'Not as described'], unwanted: ['不想要了', 'Unwanted'], other: ['其他', 'Other'],
  does_not_work: ['无法使用', 'Does not work'], already_used: ['已被使用', 'Already used'], expired: ['已过期', 'Expired'],
  duplicate: ['重复', 'Duplicate'], conflict: ['冲突', 'Conflict'], unchanged: ['无变化', 'Unchanged'], unknown_order: ['没有这个订单', 'No such order'], unknown_line: ['没有这个订单行', 'No such line'],
  unknown_coupon: ['没有这张优惠券', 'No such coupon'], coupon_revoked: ['优惠券已作废', 'Coupon revoked'], merged: ['账户已合并', 'Merged'], forwarded: ['转至合并后的账户', 'Forwarded'], flagged: ['异常提示', 'Flagged'], erased: ['账户已注销', 'Erased'],
  added: ['新增', 'Added'], removed: ['删除', 'Removed'], changed: ['修改', 'Changed'],
  replayed: ['已重放', 'Replayed'], replayed_before: ['之前已重放', 'Replayed before'], too_old: ['太旧，仍会被拒', 'Too old: it would be refused again'], cut: ['内容不完整', 'Its value is not whole'], not_found: ['已不存在', 'Not there any more'], admitted: ['已补记', 'Admitted'], waiting: ['等待中', 'Waiting'],
  done: ['已完成', 'Done'], failed: ['失败', 'Failed'], earn: ['赚积分', 'Earning'], redeem: ['兑换', 'Redeeming'],
  available: ['可用', 'Available'], frozen: ['冻结', 'Frozen'], debt: ['欠账', 'Debt'], account: ['整个账户', 'The account'], lots: ['部分批次', 'Lots'],
}
export const word = (k?: string) => k ? (words[k] ? w(...words[k]) : k.replaceAll('_', ' ')) : '–'

// What entries of the ledger are called; some of these words mean something else elsewhere.
const kinds: Record<string, [string, string]> = {
  recorded: ['登记', 'Recorded'], granted: ['获得', 'Granted'], activated: ['生效', 'Activated'], expired: ['到期', 'Expired'], extended: ['有效期延长', 'Extended'],
  reversed: ['收回', 'Taken back'], repaid: ['还账', 'Repaid'], refunded: ['订单退款', 'Order refunded'], completed: ['订单完成', 'Order completed'], removed: ['评价已删除', 'Review removed'], referred: ['推荐登记', 'Referral'],
  redeemed: ['兑换', 'Redeemed'], refused: ['兑换未成功', 'Not redeemed'], stepped: ['兑换进展', 'Redemption step'], restored: ['退回', 'Restored'], rebated: ['返还积分', 'Points back'], rebate_reversed: ['收回返还积分', 'Points back taken back'],
  reserved: ['预留库存', 'Stock reserved'], sold: ['售出', 'Sold'], released: ['释放库存', 'Stock released'], restocked: ['退回库存', 'Restocked'], sent_again: ['再次发出', 'Sent again'], item_set: ['商品设置', 'Item set'],
  codes_loaded: ['导入兑换码', 'Codes loaded'], codes_expired: ['兑换码到期', 'Codes expired'], codes_low: ['兑换码不足', 'Few codes left'],
  tier_changed: ['等级变化', 'Tier changed'], tier_kept: ['等级复核', 'Tier kept'], milestone: ['发放优惠券', 'Coupon issued'], coupon_revoked: ['优惠券作废', 'Coupon revoked'], coupon_used: ['使用优惠券', 'Coupon used'],
  taken: ['动用预算', 'Taken from a budget'], given: ['归还预算', 'Given back to a budget'], retro: ['追溯重算', 'Recomputed'], noticed: ['已提醒', 'Told the member'], preference: ['偏好设置', 'Preference'],
  frozen: ['冻结', 'Frozen'], unfrozen: ['解冻', 'Released'], appealed: ['冻结申诉', 'Freeze appealed'], review_due: ['冻结待复核', 'Freeze to review'], flagged: ['异常提示', 'Flagged'], sighted: ['设备或地址', 'Device or address seen'],
  adjusted: ['调整', 'Adjusted'], proposed: ['调整待审批', 'Adjustment proposed'], declined: ['调整被驳回', 'Adjustment declined'],
  merged_in: ['账户并入', 'Merged in'], merged_out: ['并入其他账户', 'Merged into another'], forgotten: ['历史归档', 'Forgotten'], erased: ['账户注销', 'Erased'],
}
export const kind = (k: string) => kinds[k] ? w(...kinds[k]) : k

const stages: Record<string, [string, string]> = {
  'jifen.credits': ['计算积分', 'What activities earn'], 'jifen.balances': ['账户记账', 'Accounts'], 'jifen.coupons': ['优惠券', 'Coupons'],
  'jifen.notices': ['通知', 'Notices'], 'jifen.webhooks': ['外发通知', 'Webhooks'], 'jifen.channels.email': ['邮件', 'E-mail'], 'jifen.channels.sms': ['短信', 'SMS'], 'jifen.channels.push': ['应用推送', 'App push'], 'jifen.channels.social': ['社交账号', 'Social'],
}
export const stage = (k: string) => stages[k] ? w(...stages[k]) : k
