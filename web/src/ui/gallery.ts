import { mount } from 'svelte'
import '@fontsource-variable/noto-sans-kr/index.css'
import './tokens.css'
import './base.css'
import Gallery from './Gallery.svelte'

const target = document.getElementById('app')
if (target) mount(Gallery, { target })
