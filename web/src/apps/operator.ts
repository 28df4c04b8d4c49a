import { start } from '../start'

start('operator', () => import('./Operator.svelte'))
