// The counter's loop: scan → answer → Enter → scan. Every way in ends in one of the two forms of the page.
(function () {
  'use strict';

  // Our codes have 21 digits; a person never types as many in one breath. Fewer would be the rest of a code after a
  // hesitation: then the field, which holds all of it, is what counts.
  var SCAN_DIGITS_MIN = 21;
  var KEY_GAP_MS = 100;          // between two keys of a scanner that types like a keyboard
  var FRAME_MS = 150;
  var PICTURE_SIDE_MAX = 1600;

  var desk = document.getElementById('desk');
  var scan = document.getElementById('scan');
  var field = document.getElementById('text');
  var problem = document.getElementById('desk-problem');
  var spoken = document.getElementById('spoken');
  var numberForm = document.getElementById('number-form');
  var fileForm = document.getElementById('file-form');
  var words = desk.dataset;
  var busy = false;
  var reader = null;

  // What a counter wants to keep for the next day, and for this window only. Neither is about a person.
  function kept(store, name) {
    try { return window[store].getItem(name); } catch (_) { return null; }
  }

  function keep(store, name, value) {
    try { window[store].setItem(name, value); } catch (_) { /* private mode */ }
  }

  // Sound: two notes up, two notes down, one note, two equal notes; made here, so nothing has to be loaded.
  var NOTES = { valid: [660, 880], invalid: [330, 196], unverifiable: [294], needs_review: [523, 523] };
  var audio = null;

  function wakeAudio() {
    var Context = window.AudioContext || window.webkitAudioContext;
    if (!Context) return;
    if (!audio) audio = new Context();
    if (audio.state === 'suspended') audio.resume();
  }

  function muted() {
    return kept('localStorage', 'desk-sound') === 'off';
  }

  function sound(outcome) {
    if (muted()) return;
    wakeAudio();
    if (!audio) return;
    (NOTES[outcome] || []).forEach(function (pitch, place) {
      var start = audio.currentTime + place * 0.18;
      var tone = audio.createOscillator();
      var volume = audio.createGain();
      tone.type = outcome === 'invalid' ? 'square' : 'sine';
      tone.frequency.value = pitch;
      volume.gain.setValueAtTime(0.15, start);
      volume.gain.exponentialRampToValueAtTime(0.001, start + 0.17);
      tone.connect(volume).connect(audio.destination);
      tone.start(start);
      tone.stop(start + 0.18);
    });
  }

  function say(text) {
    problem.textContent = text || '';
    problem.hidden = !text;
  }

  var soundButton = document.getElementById('sound');

  function showSound() {
    soundButton.textContent = muted() ? words.soundOff : words.soundOn;
  }

  soundButton.hidden = false;
  showSound();
  soundButton.addEventListener('click', function () {
    keep('localStorage', 'desk-sound', muted() ? 'on' : 'off');
    showSound();
    sound('valid');
    field.focus();
  });

  function answer() {
    return document.getElementById('answer');
  }

  // While an answer covers the page, nothing beneath it can be reached.
  function cover(covered) {
    document.querySelectorAll('body > :not(main)').forEach(function (part) { part.inert = covered; });
    scan.hidden = covered;
  }

  // An answer that nobody looks at any more goes by itself: it is about a person.
  var clearTimer = null;

  function waitToClear() {
    clearTimeout(clearTimer);
    if (answer()) clearTimer = setTimeout(next, Number(words.clearSeconds) * 1000);
  }

  ['keydown', 'pointerdown', 'wheel', 'touchmove'].forEach(function (kind) {
    document.addEventListener(kind, waitToClear, { passive: true });
  });

  // Takes away what is known of the last person.
  function clear() {
    clearTimeout(clearTimer);
    var shown = answer();
    if (shown) shown.remove();
    spoken.textContent = '';
    cover(false);
    field.value = '';
    fileForm.reset();
    say('');
  }

  // Back to scanning.
  function next() {
    // A page that came with an answer has no frame around it.
    if (!document.querySelector('.top')) { window.location.assign('/desk'); return; }
    clear();
    field.focus();
  }

  function show(page) {
    var fresh = page.getElementById('answer');
    var token = page.querySelector('input[name="csrf"]');
    if (token) {
      document.querySelectorAll('input[name="csrf"]').forEach(function (old) { old.value = token.value; });
    }
    next();
    if (!fresh) {
      var why = page.getElementById('desk-problem') || page.getElementById('error');
      say(why && why.textContent ? why.textContent : words.offline);
      return;
    }
    fresh = document.importNode(fresh, true);
    desk.insertBefore(fresh, scan);
    cover(true);
    spoken.textContent = ['outcome', 'reason', 'next-step'].map(function (id) {
      return document.getElementById(id).textContent;
    }).join(words.pause);
    sound(fresh.dataset.outcome);
    waitToClear();
    // The word stays in sight: the focus must not scroll down to the button.
    fresh.querySelector('#next').focus({ preventScroll: true });
    fresh.scrollTop = 0;
  }

  function send(url, body) {
    if (busy) return Promise.resolve();
    busy = true;
    clear();
    say(words.working);
    return fetch(url, { method: 'POST', body: body, credentials: 'same-origin' })
      .then(function (response) {
        if (new URL(response.url).pathname.indexOf('/desk') !== 0) {
          // The session ended: sign in again and come back.
          window.location.assign('/desk');
          return null;
        }
        return response.text();
      })
      .then(function (text) {
        if (text !== null) show(new DOMParser().parseFromString(text, 'text/html'));
      })
      .catch(function () {
        next();
        say(words.offline);
      })
      .then(function () { busy = false; });
  }

  function verifyText(text) {
    var body = new URLSearchParams();
    body.set('csrf', numberForm.elements.csrf.value);
    body.set('text', text);
    return send('/desk', body);
  }

  function verifyFile(file) {
    // A picture is read here; its code is what counts.
    if (/^image\//.test(file.type)) {
      if (busy) return Promise.resolve();
      // The last answer must not be taken for the answer to this picture.
      clear();
      say(words.working);
      return readPicture(file).then(function (text) {
        if (text) return verifyText(text);
        say(words.noCode);
        field.focus();
        return undefined;
      });
    }
    var body = new FormData();
    body.append('csrf', fileForm.elements.csrf.value);
    body.append('file', file);
    return send('/desk/file', body);
  }

  function engine() {
    if (!reader) {
      reader = window.scanReader({ zxing: words.zxing, wasm: words.wasm, jsqr: words.jsqr });
      reader.then(function (ready) {
        words.engine = ready.name;
      }, function () { reader = null; });
    }
    return reader;
  }

  function pixels(source, width, height) {
    var scale = Math.min(1, PICTURE_SIDE_MAX / Math.max(width, height));
    var canvas = document.createElement('canvas');
    canvas.width = Math.max(1, Math.round(width * scale));
    canvas.height = Math.max(1, Math.round(height * scale));
    var context = canvas.getContext('2d', { willReadFrequently: true });
    context.drawImage(source, 0, 0, canvas.width, canvas.height);
    return context.getImageData(0, 0, canvas.width, canvas.height);
  }

  function readPicture(file) {
    var url = URL.createObjectURL(file);
    var image = new Image();
    return new Promise(function (resolve, reject) {
      image.onload = resolve;
      image.onerror = reject;
      image.src = url;
    }).then(function () {
      return engine();
    }).then(function (ready) {
      return ready.read(pixels(image, image.naturalWidth, image.naturalHeight));
    }).catch(function () {
      return null;
    }).then(function (text) {
      URL.revokeObjectURL(url);
      return text;
    });
  }

  // Scanners that type. The physical keys are read, not what an input method makes of them, whatever has the focus.
  var digits = '';
  var longest = '';
  var numpad = '';
  var lastKey = 0;

  function typed(character) {
    if (/^[0-9]$/.test(character)) digits += character;
    else digits = '';
    if (digits.length > longest.length) longest = digits;
  }

  document.addEventListener('keydown', function (event) {
    wakeAudio();
    if (event.ctrlKey || event.metaKey) return;
    if (event.timeStamp - lastKey > KEY_GAP_MS) { digits = ''; longest = ''; numpad = ''; }
    lastKey = event.timeStamp;
    var digit = /^(?:Digit|Numpad)([0-9])$/.exec(event.code);
    if (event.altKey) {
      if (digit && event.code.indexOf('Numpad') === 0) numpad += digit[1];
      return;
    }
    if (digit && !event.shiftKey) { typed(digit[1]); return; }
    if (event.code !== 'Enter' && event.code !== 'NumpadEnter') {
      if (!/^Shift/.test(event.code)) digits = '';
      if (event.code === 'Escape' && answer()) { event.preventDefault(); next(); }
      return;
    }
    var scanned = longest;
    digits = '';
    longest = '';
    if (scanned.length >= SCAN_DIGITS_MIN) {
      event.preventDefault();
      event.stopPropagation();
      field.value = '';
      verifyText(scanned);
    } else if (answer() && !event.target.closest('summary, a:not(#next)')) {
      event.preventDefault();
      next();
    }
  }, true);

  // Some scanners type a character as its number on the keypad, with Alt held down.
  document.addEventListener('keyup', function (event) {
    if (!/^Alt/.test(event.code) || !numpad) return;
    typed(String.fromCharCode(Number(numpad)));
    numpad = '';
    lastKey = event.timeStamp;
  }, true);

  document.addEventListener('click', function (event) {
    wakeAudio();
    if (event.target.closest('#next')) { event.preventDefault(); next(); }
  });

  document.addEventListener('paste', function (event) {
    if (!event.clipboardData) return;
    var files = event.clipboardData.files;
    var text = event.clipboardData.getData('text');
    if (files && files.length > 0) verifyFile(files[0]);
    else if (text && event.target !== field) verifyText(text.slice(0, 2000));
  });

  numberForm.addEventListener('submit', function (event) {
    event.preventDefault();
    if (field.value.trim()) verifyText(field.value);
    else field.focus();
  });

  fileForm.addEventListener('submit', function (event) {
    event.preventDefault();
    var files = fileForm.elements.file.files;
    if (files.length > 0) verifyFile(files[0]);
  });
  fileForm.elements.file.addEventListener('change', function () {
    if (fileForm.elements.file.files.length > 0) fileForm.requestSubmit();
  });

  // Files dropped anywhere. Text that is dragged into the field stays the browser's business.
  function holdsFiles(event) {
    return Boolean(event.dataTransfer) && Array.prototype.indexOf.call(event.dataTransfer.types, 'Files') >= 0;
  }

  ['dragenter', 'dragover'].forEach(function (kind) {
    document.addEventListener(kind, function (event) {
      if (!holdsFiles(event)) return;
      event.preventDefault();
      document.body.classList.add('is-dropping');
    });
  });
  document.addEventListener('dragleave', function (event) {
    if (!event.relatedTarget) document.body.classList.remove('is-dropping');
  });
  document.addEventListener('drop', function (event) {
    if (!holdsFiles(event)) return;
    event.preventDefault();
    document.body.classList.remove('is-dropping');
    if (event.dataTransfer.files.length > 0) verifyFile(event.dataTransfer.files[0]);
  });

  // The camera. Frames are looked at while no answer is shown, and a code is taken once until it has left the picture.
  var video = document.getElementById('video');
  var button = document.getElementById('camera');
  var stream = null;
  var lastText = null;
  var missed = 0;

  function stopCamera() {
    if (stream) stream.getTracks().forEach(function (track) { track.stop(); });
    stream = null;
    video.srcObject = null;
    video.hidden = true;
    button.textContent = words.start;
  }

  function startCamera() {
    var wanted = { video: { facingMode: 'environment', width: { ideal: 1280 } }, audio: false };
    return navigator.mediaDevices.getUserMedia(wanted).then(function (opened) {
      stream = opened;
      lastText = null;
      video.srcObject = opened;
      video.hidden = false;
      button.textContent = words.stop;
      keep('sessionStorage', 'desk-camera', '1');
      return Promise.all([video.play(), engine()]);
    }).then(function () {
      look();
    }).catch(function () {
      stopCamera();
      keep('sessionStorage', 'desk-camera', '');
      say(words.noCamera);
    });
  }

  function look() {
    if (!stream) return;
    if (busy || answer() || video.readyState < 2) { setTimeout(look, FRAME_MS); return; }
    engine().then(function (ready) {
      return ready.read(pixels(video, video.videoWidth, video.videoHeight));
    }).then(function (text) {
      missed = text ? 0 : missed + 1;
      if (missed > 6) lastText = null;
      if (text && text !== lastText && !busy && !answer()) {
        lastText = text;
        return verifyText(text);
      }
      return undefined;
    }).catch(function () { /* the next frame may be better */ }).then(function () { setTimeout(look, FRAME_MS); });
  }

  if (navigator.mediaDevices && navigator.mediaDevices.getUserMedia) {
    document.getElementById('camera-panel').hidden = false;
    button.addEventListener('click', function () {
      if (stream) { stopCamera(); keep('sessionStorage', 'desk-camera', ''); } else startCamera();
    });
    document.addEventListener('visibilitychange', function () {
      if (document.hidden) stopCamera();
      else if (kept('sessionStorage', 'desk-camera') === '1' && !stream) startCamera();
    });
    if (kept('sessionStorage', 'desk-camera') === '1') startCamera();
  }

  // A form that was sent without this script: its answer came with the page.
  if (answer()) { waitToClear(); document.getElementById('next').focus({ preventScroll: true }); }
})();
