// Colours of the retailer, kept readable: texts get the shade that reaches WCAG AA on what they stand on.
type RGB = [number, number, number]

const parse = (hex: string): RGB | undefined => {
  const m = /^#([0-9a-f]{3}|[0-9a-f]{6})$/i.exec(hex.trim())
  if (!m) return undefined
  const h = m[1]!.length === 3 ? [...m[1]!].map(c => c + c).join('') : m[1]!
  return [0, 2, 4].map(i => parseInt(h.slice(i, i + 2), 16)) as RGB
}
const text = (c: RGB) => '#' + c.map(v => Math.round(v).toString(16).padStart(2, '0')).join('')
const mix = (a: RGB, b: RGB, part: number) => a.map((v, i) => v + (b[i]! - v) * part) as RGB
const luminance = (c: RGB) => c.map(v => v / 255).map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4).reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i]!, 0)
export const contrast = (a: string, b: string) => ratio(parse(a)!, parse(b)!)
const ratio = (a: RGB, b: RGB) => {
  const [x, y] = [luminance(a), luminance(b)].sort((p, q) => q - p)
  return (x! + 0.05) / (y! + 0.05)
}

const WHITE: RGB = [255, 255, 255], INK: RGB = [27, 22, 19]
const AA = 4.6 // a little over 4.5, for what rounding takes

// readable moves a colour towards black or white until it reaches AA on every one of the grounds.
function readable(c: RGB, grounds: RGB[], towards: RGB): RGB {
  for (let part = 0; part <= 1; part += 0.04) {
    const shade = mix(c, towards, part)
    if (grounds.every(g => ratio(shade, g) >= AA)) return shade
  }
  return towards
}

// palette are the CSS variables that come from the retailer's colours.
export function palette(primary: string, accent: string, dark: boolean): Record<string, string> {
  const p = parse(primary) ?? parse('#b5472c')!, a = parse(accent) ?? parse('#c98a2b')!
  const surfaces = (dark ? ['#171412', '#211d1a', '#2b2622'] : ['#f8f5f0', '#ffffff', '#f2ede5']).map(s => parse(s)!)
  const towards = dark ? WHITE : [0, 0, 0] as RGB
  const on = ratio(p, WHITE) >= ratio(p, INK) ? WHITE : INK
  const fill = readable(p, [on], on === WHITE ? [0, 0, 0] : WHITE)
  const deep = mix(fill, on === WHITE ? [0, 0, 0] : WHITE, 0.28)
  const soft = mix(surfaces[1]!, p, dark ? 0.2 : 0.1), accentSoft = mix(surfaces[1]!, a, dark ? 0.22 : 0.16)
  return {
    '--primary': text(fill), '--primary-deep': text(deep), '--on-primary': text(on), '--primary-soft': text(soft), '--accent-soft': text(accentSoft),
    '--primary-ink': text(readable(p, [...surfaces, soft], towards)), '--accent-ink': text(readable(a, [...surfaces, accentSoft], towards)), '--accent': text(a),
  }
}
