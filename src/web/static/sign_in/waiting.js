// Sends the form again after a moment, not everybody's at the same; without scripts the button does it.
setTimeout(() => document.getElementById('waiting').submit(), 2000 + 3000 * Math.random());
