// Builds the pages into web/dist, or with --out DIR elsewhere; --serve PAGE runs one for development, with /v1 from JIFEN_API.
//
//   mall/    -> dist/index.html, dist/assets/
//   console/ -> dist/console/index.html, dist/console/assets/
//   badge/   -> dist/badge.js (a stable name: shops write it into their pages)
import { rmSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import vue from '@vitejs/plugin-vue'
import { build, createServer } from 'vite'

const here = dirname(fileURLToPath(import.meta.url))

// page is a page of its own, so that a change to one leaves the files of the other as they are.
function page(name, out, base) {
  return {
    configFile: false,
    root: join(here, name),
    base,
    logLevel: 'warn',
    plugins: [vue()],
    define: { __VUE_OPTIONS_API__: name === 'console', __VUE_PROD_DEVTOOLS__: false, __VUE_I18N_LEGACY_API__: false, __INTLIFY_PROD_DEVTOOLS__: false },
    build: {
      outDir: out,
      emptyOutDir: false,
      target: 'es2022',
      modulePreload: { polyfill: false }, // it would be an inline script, which the content security policy refuses
      assetsInlineLimit: 0,
      chunkSizeWarningLimit: 2000,
      reportCompressedSize: false,
    },
    server: { host: '127.0.0.1', proxy: { '/v1': process.env.JIFEN_API ?? 'http://127.0.0.1:8080' } },
  }
}

const badge = out => ({
  configFile: false,
  root: join(here, 'badge'),
  logLevel: 'warn',
  build: {
    outDir: out,
    emptyOutDir: false,
    target: 'es2022',
    reportCompressedSize: false,
    lib: { entry: 'badge.ts', formats: ['iife'], name: 'jifenBadge', fileName: () => 'badge.js' },
  },
})

const args = process.argv.slice(2)
if (args[0] === '--serve') {
  const server = await createServer(page(args[1] ?? 'mall', join(here, 'dist'), '/'))
  await server.listen()
  server.printUrls()
} else {
  const out = args[0] === '--out' ? resolve(args[1]) : join(here, 'dist')
  rmSync(out, { recursive: true, force: true })
  await build(page('mall', out, '/'))
  await build(page('console', join(out, 'console'), '/console/'))
  await build(badge(out))
}
