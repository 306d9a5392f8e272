// Every page in Chinese (`pages.mjs`).

import { inSharedCity } from './city.mjs';
import { everyPageIn } from './pages.mjs';

inSharedCity();
everyPageIn('zh-CN');
