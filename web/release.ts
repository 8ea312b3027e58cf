// After a release the scripts of pages have other names: a tab that was open before asks for those that are gone, and what
// was pressed would do nothing.
import { ref } from 'vue'
import type { Router } from 'vue-router'

// unloaded is the page whose script could not be loaded; empty: none.
export const unloaded = ref('')

// followReleases loads everything anew, at the page that was asked for, where there is a release since. Without one a
// script is missing for another reason, mostly the network: then the page stays as it is, and unloaded says so.
export function followReleases(router: Router) {
  router.onError(async (_error, to) => {
    const from = router.currentRoute.value
    const served = await index()
    if (router.currentRoute.value !== from) return // they went on to another page
    const own = document.querySelector<HTMLScriptElement>('script[type=module][src]')?.getAttribute('src')
    if (served && own && !served.includes(own)) return anew(to.fullPath)
    unloaded.value = to.fullPath
    scrollTo({ top: 0 }) // where it is said
  })
  router.afterEach((_to, _from, failure) => { if (!failure) unloaded.value = '' })
}

// loadAgain goes to the page that could not be loaded, if the server can be reached: else the browser would show its own.
export async function loadAgain() {
  if (await index()) anew(unloaded.value)
}

const index = () => fetch(location.pathname, { cache: 'no-store' }).then(r => r.ok ? r.text() : '', () => '')

// A browser may remember that a script failed for as long as its document lives, so asking for it again is not enough.
function anew(page: string) {
  history.replaceState(null, '', location.pathname + location.search + '#' + page)
  location.reload()
}
