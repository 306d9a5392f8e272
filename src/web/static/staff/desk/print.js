// The button that prints; without scripts the browser's own menu does. F8 leads back to the desk.
(function () {
  'use strict';
  var button = document.getElementById('print');
  if (button) {
    button.hidden = false;
    button.addEventListener('click', function () { window.print(); });
  }
  document.addEventListener('keydown', function (event) {
    if (event.code !== 'F8') return;
    event.preventDefault();
    window.location.assign('/desk');
  });
})();
