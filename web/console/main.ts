import { createApp } from 'vue'
import { useElements } from './elements'
import './style.css'
import App from './App.vue'
import { router } from './router'
import { readSession } from './session'
import './theme'

const app = createApp(App)
useElements(app)
await readSession()
app.use(router).mount('#app')
