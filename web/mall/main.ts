import { createApp } from 'vue'
import 'vant/es/style/base.css'
import './style/base.css'
import './style/pieces.css'
import App from './App.vue'
import { i18n, useLanguage } from './i18n'
import { readRetailer } from './retailer'
import { router } from './router'
import { applyTheme } from './theme'

applyTheme()
void readRetailer()
await useLanguage()
createApp(App).use(i18n).use(router).mount('#app')
