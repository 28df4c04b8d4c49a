import { start } from '../start'

start('courier', () => import('./Courier.svelte'))
