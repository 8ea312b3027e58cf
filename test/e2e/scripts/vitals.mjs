// What the mall's pages are like on a phone of the middle class, 1.6 Mbit/s and 150 ms away, loaded with an empty cache.
// Largest contentful paint is a figure, since machines are noisy; shifts of the layout and what is loaded are not.
import { launch, save, vitals } from './browser.mjs'

const url = process.env.E2E_URL, token = JSON.parse(process.env.E2E_TOKENS)['360']
const browser = await launch()
const figures = {}, faults = []
for (const page of ['/', '/items', '/items/mug', '/points']) {
  const v = await vitals(browser, url, page, token)
  figures[page] = v
  console.log(`${page.padEnd(12)} largest contentful paint ${v.lcp_ms} ms, layout shift ${v.cls}, blocked ${v.blocked_ms} ms, ${v.bytes.script + v.bytes.style} bytes of script and style, ${v.bytes.all} in all`)
  if (v.cls > 0.1) faults.push(`${page}: the layout shifts by ${v.cls}`)
  if (!v.lcp_ms) faults.push(`${page}: no largest contentful paint`)
  if (v.loading.length) faults.push(`${page}: still loads ${v.loading.join(', ')}`)
  if (v.bytes.script + v.bytes.style > 200_000) faults.push(`${page}: ${v.bytes.script + v.bytes.style} bytes of script and style`)
}
await browser.close()
save('vitals.json', figures)
for (const f of faults) console.log(f)
process.exit(faults.length ? 1 : 0)
