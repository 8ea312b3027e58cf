import { createApp } from 'vue'
import { useElements } from './elements'
import './style.css'
import App from './App.vue'
import { router } from './router'
import { readSession } from './session'
import './theme'

const app = createApp(App)
useElements(app)
app.use(router)
// The router takes no notice of links until its first page is loaded, and then puts that page over whatever was asked for.
await Promise.all([readSession(), router.isReady().catch(() => {})])
app.mount('#app')
