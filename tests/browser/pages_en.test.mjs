// Every page in English (`pages.mjs`).

import { inSharedCity } from './city.mjs';
import { everyPageIn } from './pages.mjs';

inSharedCity();
everyPageIn('en');
