// The counter's loop: scan → answer → Enter → scan. Every way in ends in one of the two forms of the page. What comes while
// something is checked waits its turn, and nothing that was scanned is gone before it was answered or given up.
(function () {
  'use strict';

  var FRAME_MS = 150;
  var PICTURE_SIDE_MAX = 1600;
  var LATE_MS = 3000;
  var GIVEN_UP_MS = 60000;
  var WAITING_MAX = 20;
  var LABEL_CHARACTERS = 60;
  var WAITING = 'desk-waiting';

  var desk = document.getElementById('desk');
  var scan = document.getElementById('scan');
  var field = document.getElementById('text');
  var problem = document.getElementById('desk-problem');
  var state = document.getElementById('desk-state');
  var list = document.getElementById('waiting');
  var spoken = document.getElementById('spoken');
  var nextButton = document.getElementById('next');
  var mendButton = document.getElementById('mend');
  var numberForm = document.getElementById('number-form');
  var fileForm = document.getElementById('file-form');
  var words = desk.dataset;
  var reader = null;

  // What is checked now: `phase` is checking, late, failed or ended. Attempts are numbered, so that an answer that comes
  // after all is taken for no other one.
  var current = null;
  var phase = '';
  var attempt = 0;
  var lateTimer = null;
  var stop = null;
  var waiting = [];
  var answered = null;

  // What a counter wants to keep for the next day, and for this window only.
  function kept(store, name) {
    try { return window[store].getItem(name); } catch (_) { return null; }
  }

  function keep(store, name, value) {
    try {
      if (value === null) window[store].removeItem(name); else window[store].setItem(name, value);
    } catch (_) { /* private mode */ }
  }

  function filled(text, values) {
    return Object.keys(values).reduce(function (said, name) { return said.replace('{' + name + '}', values[name]); }, text);
  }

  // Sound: two notes up, two notes down, one note, two equal notes; made here, so nothing has to be loaded.
  var NOTES = {
    valid: [660, 880], invalid: [330, 196], unverifiable: [294], needs_review: [523, 523], trouble: [220, 220, 220],
  };
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

  // What goes wrong is written, spoken and heard.
  function trouble(text) {
    problem.textContent = text;
    problem.hidden = false;
    spoken.textContent = text;
    sound('trouble');
  }

  function say(text) {
    problem.textContent = '';
    problem.hidden = true;
    state.textContent = text || '';
    state.hidden = !text;
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

  // While an answer covers the page, nothing beneath it can be reached but the field.
  function cover(covered) {
    document.querySelectorAll('body > :not(main)').forEach(function (part) { part.inert = covered; });
    desk.classList.toggle('has-answer', covered);
    scan.hidden = covered;
    nextButton.hidden = !covered;
  }

  // An answer that nobody looks at any more goes by itself: it is about a person. What waits stays.
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
    mendButton.hidden = true;
    answered = null;
    fileForm.reset();
    say('');
  }

  // Back to scanning.
  function next() {
    // A page that came with an answer has no frame around it.
    if (!document.querySelector('.top')) { window.location.assign('/desk'); return; }
    clear();
    showWaiting();
    field.focus();
  }

  // How people recognise what they scanned.
  function label(item) {
    var text = item.file ? item.file.name : item.text;
    var digits = /^\d+$/.test(text) ? text : (/\/(\d+)$/.exec(text) || [])[1];
    if (digits) return digits.replace(/(\d{4})(?=\d)/g, '$1 ');
    return text.length > LABEL_CHARACTERS ? text.slice(0, LABEL_CHARACTERS) + '…' : text;
  }

  // Texts are kept for this window, also when the page goes away or the session ends.
  function keepTexts() {
    var texts = (current ? [current] : []).concat(waiting).filter(function (item) { return item.text; })
      .map(function (item) { return item.text; });
    keep('sessionStorage', WAITING, texts.length > 0 ? JSON.stringify(texts) : null);
  }

  function showWaiting() {
    keepTexts();
    list.hidden = waiting.length === 0;
    list.textContent = '';
    waiting.forEach(function (item) {
      var line = document.createElement('li');
      var button = document.createElement('button');
      line.textContent = label(item) + ' ';
      button.type = 'button';
      button.className = 'is-quiet';
      button.textContent = words.discard;
      button.addEventListener('click', function () {
        waiting = waiting.filter(function (other) { return other !== item; });
        showWaiting();
        spoken.textContent = filled(words.discarded, { text: label(item) });
        field.focus();
      });
      line.appendChild(button);
      list.appendChild(line);
    });
    if (waiting.length > 0 && !current) {
      state.textContent = filled(words.waiting, { count: waiting.length });
      state.hidden = false;
    }
  }

  function isSame(one, other) {
    return Boolean(one && other && one.text && one.text === other.text);
  }

  // Something was scanned, typed, dropped or seen. While others wait it waits behind them: no answer is skipped.
  function take(item) {
    if (isSame(current, item) || isSame(waiting[waiting.length - 1], item)) {
      if (phase === 'failed' || phase === 'late') send();
      return;
    }
    if (!current && waiting.length === 0) { begin(item); return; }
    if (waiting.length >= WAITING_MAX) {
      trouble(filled(words.waitingFull, { most: WAITING_MAX, text: label(item) }));
      return;
    }
    waiting.push(item);
    showWaiting();
    spoken.textContent = filled(words.waiting, { count: waiting.length });
  }

  function takeNext() {
    var item = waiting.shift();
    begin(item);
    showWaiting();
  }

  function begin(item) {
    clear();
    current = item;
    keepTexts();
    send();
  }

  // Enter without a text: the one key that goes on, whatever stands there.
  function entered() {
    if (phase === 'ended') signIn();
    else if (phase === 'failed' || phase === 'late') send();
    else if (current) field.focus();
    else if (waiting.length > 0) takeNext();
    else if (answer()) next();
    else { say(''); trouble(words.empty); field.focus(); }
  }

  function giveUp() {
    var item = current;
    finish();
    say('');
    showWaiting();
    spoken.textContent = filled(words.discarded, { text: label(item) });
    field.focus();
  }

  // Files cannot be kept for another page: then the sign-in opens beside this one.
  function signIn() {
    keepTexts();
    var hasFiles = [current].concat(waiting).some(function (item) { return item && item.file; });
    if (hasFiles) { window.open('/sign-in?to=%2Fdesk', '_blank', 'noopener'); phase = 'failed'; }
    else window.location.assign('/sign-in?to=%2Fdesk');
  }

  function finish() {
    clearTimeout(lateTimer);
    attempt += 1;
    if (stop) stop.abort();
    stop = null;
    current = null;
    phase = '';
    keepTexts();
  }

  function failed(why) {
    clearTimeout(lateTimer);
    phase = 'failed';
    say('');
    trouble(filled(words.unanswered, { why: why, text: label(current) }));
    field.focus();
  }

  function send() {
    if (stop) stop.abort();
    clearTimeout(lateTimer);
    attempt += 1;
    phase = 'checking';
    var mine = attempt;
    var abort = new AbortController();
    var item = current;
    stop = abort;
    say(filled(words.checking, { text: label(item) }));
    field.focus();
    prepared(item).then(function (request) {
      if (mine !== attempt) return null;
      if (!request) { finish(); say(''); trouble(words.noCode); showWaiting(); field.focus(); return null; }
      // The server's time, and not that of a picture which is read here.
      lateTimer = setTimeout(function () {
        phase = 'late';
        trouble(filled(words.late, { seconds: LATE_MS / 1000, text: label(item) }));
        lateTimer = setTimeout(function () { abort.abort(); }, GIVEN_UP_MS - LATE_MS);
      }, LATE_MS);
      return fetch(request.url, { method: 'POST', body: request.body, credentials: 'same-origin', signal: abort.signal });
    }).then(function (response) {
      if (!response || mine !== attempt) return null;
      if (new URL(response.url).pathname.indexOf('/sign-in') === 0) {
        clearTimeout(lateTimer);
        phase = 'ended';
        say('');
        trouble(filled(words.signedOut, { text: label(item) }));
        return null;
      }
      return response.text();
    }).then(function (text) {
      if (text === null || mine !== attempt) return;
      show(new DOMParser().parseFromString(text, 'text/html'), item);
    }).catch(function () {
      if (mine === attempt) failed(words.offline);
    });
  }

  // What is sent of something; nothing of a picture in which no code is. A picture is read here; its code is what counts.
  function prepared(item) {
    if (item.file && !/^image\//.test(item.file.type)) {
      var form = new FormData();
      form.append('csrf', fileForm.elements.csrf.value);
      form.append('file', item.file);
      return Promise.resolve({ url: '/desk/file', body: form });
    }
    return (item.file ? readPicture(item.file) : Promise.resolve(item.text)).then(function (text) {
      if (!text) return null;
      var body = new URLSearchParams();
      body.set('csrf', numberForm.elements.csrf.value);
      body.set('text', text);
      return { url: '/desk', body: body };
    });
  }

  function show(page, item) {
    var fresh = page.getElementById('answer');
    var token = page.querySelector('input[name="csrf"]');
    if (token) {
      document.querySelectorAll('input[name="csrf"]').forEach(function (old) { old.value = token.value; });
    }
    if (!fresh) {
      var why = page.getElementById('desk-problem') || page.getElementById('error');
      failed(why && why.textContent.trim() ? why.textContent.trim() : words.offline);
      return;
    }
    finish();
    clear();
    answered = item;
    fresh = document.importNode(fresh, true);
    desk.insertBefore(fresh, desk.querySelector('.desk-lead') || numberForm);
    var read = document.getElementById('answer-read');
    read.textContent = filled(words.read, { text: label(item) });
    read.hidden = false;
    mendButton.hidden = !item.text || fresh.dataset.outcome !== 'unverifiable';
    cover(true);
    spoken.textContent = ['outcome', 'reason', 'next-step', 'holder-asked'].map(function (id) {
      var part = document.getElementById(id);
      return part ? part.textContent.trim() : '';
    }).filter(Boolean).join(words.pause);
    sound(fresh.dataset.outcome);
    showWaiting();
    waitToClear();
    // The word stays in sight, and what is scanned next has somewhere to go.
    field.focus({ preventScroll: true });
    fresh.scrollTop = 0;
  }

  // Whether the person is the holder: recorded on the receipt, and the next scan need not wait for it.
  function sayHolder(form, is) {
    var said = document.getElementById('holder-said');
    var body = new URLSearchParams();
    ['csrf', 'receipt'].forEach(function (name) { body.set(name, form.elements[name].value); });
    body.set('is', is);
    form.hidden = true;
    field.focus({ preventScroll: true });
    fetch('/desk/holder', {
      method: 'POST', body: body, credentials: 'same-origin', redirect: 'manual', headers: { accept: 'application/json' },
    }).then(function (response) {
      if (response.status !== 204) throw new Error('not recorded');
      var text = is === 'yes' ? words.saidYes : words.saidNo;
      said.textContent = text;
      said.className = 'compare-said ' + (is === 'yes' ? 'is-yes' : 'is-no');
      said.hidden = false;
      if (!form.isConnected) return;
      spoken.textContent = text;
      if (is === 'no') sound('invalid');
    }).catch(function () {
      form.hidden = false;
      trouble(filled(words.notSaid, { why: words.offline }));
    });
  }

  function holderButton(is) {
    var form = document.getElementById('holder-form');
    if (form && !form.hidden) sayHolder(form, is);
  }

  document.addEventListener('submit', function (event) {
    if (event.target.id !== 'holder-form') return;
    event.preventDefault();
    sayHolder(event.target, event.submitter ? event.submitter.value : 'no');
  });

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

  function takeText(text) {
    take({ text: text.slice(0, 2000) });
  }

  function takeFiles(files) {
    Array.prototype.forEach.call(files, function (file) { take({ file: file }); });
  }

  var typed = window.typedReader(field, takeText, entered);

  document.addEventListener('keydown', function (event) {
    wakeAudio();
    if (event.code === 'Escape') {
      if (answer()) { event.preventDefault(); next(); }
      else if (current) { event.preventDefault(); giveUp(); }
    } else if (event.code === 'F2' || event.code === 'F4') {
      event.preventDefault();
      holderButton(event.code === 'F2' ? 'yes' : 'no');
    } else if (event.code === 'F8') {
      event.preventDefault();
      keepTexts();
      window.location.assign('/desk/receipts');
    }
  });

  document.addEventListener('click', function (event) {
    wakeAudio();
    if (event.target.closest('#next')) {
      event.preventDefault();
      if (waiting.length > 0) takeNext(); else next();
      return;
    }
    if (event.target === mendButton) {
      var text = answered ? answered.text : '';
      next();
      typed.mend(text);
      return;
    }
    // Whoever points at nothing that takes the focus has it back in the field; a finger would open a keyboard.
    var isMouse = window.matchMedia('(hover: hover) and (pointer: fine)').matches;
    var isText = String(window.getSelection()).length > 0;
    if (isMouse && !isText && !event.target.closest('a, button, input, select, textarea, summary, label')) {
      field.focus({ preventScroll: true });
    }
  });
  window.addEventListener('focus', function () {
    if (document.activeElement === document.body) field.focus({ preventScroll: true });
  });

  document.addEventListener('paste', function (event) {
    if (!event.clipboardData) return;
    var files = event.clipboardData.files;
    var text = event.clipboardData.getData('text');
    if (files && files.length > 0) takeFiles(files);
    else if (text && event.target !== field) takeText(text.trim());
  });

  numberForm.addEventListener('submit', function (event) {
    event.preventDefault();
    var text = field.value.trim();
    typed.empty();
    if (text) takeText(text); else entered();
  });

  fileForm.addEventListener('submit', function (event) {
    event.preventDefault();
    var files = Array.prototype.slice.call(fileForm.elements.file.files);
    fileForm.reset();
    takeFiles(files);
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
    takeFiles(event.dataTransfer.files);
  });

  // The camera. Frames are looked at while nothing is shown, checked or waits, and a code is taken once until it has left
  // the picture.
  var video = document.getElementById('video');
  var button = document.getElementById('camera');
  var stream = null;
  var lastText = null;
  var missed = 0;

  function isOccupied() {
    return Boolean(current || answer() || waiting.length > 0);
  }

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
      say('');
      trouble(words.noCamera);
    });
  }

  function look() {
    if (!stream) return;
    if (isOccupied() || video.readyState < 2) { setTimeout(look, FRAME_MS); return; }
    engine().then(function (ready) {
      return ready.read(pixels(video, video.videoWidth, video.videoHeight));
    }).then(function (text) {
      missed = text ? 0 : missed + 1;
      if (missed > 6) lastText = null;
      if (text && text !== lastText && !isOccupied()) {
        lastText = text;
        takeText(text);
      }
    }).catch(function () { /* the next frame may be better */ }).then(function () { setTimeout(look, FRAME_MS); });
  }

  if (navigator.mediaDevices && navigator.mediaDevices.getUserMedia) {
    document.getElementById('camera-panel').hidden = false;
    button.addEventListener('click', function () {
      if (stream) { stopCamera(); keep('sessionStorage', 'desk-camera', ''); } else startCamera();
      field.focus();
    });
    document.addEventListener('visibilitychange', function () {
      if (document.hidden) stopCamera();
      else if (kept('sessionStorage', 'desk-camera') === '1' && !stream) startCamera();
    });
    if (kept('sessionStorage', 'desk-camera') === '1') startCamera();
  }

  // What waited when the page went away.
  try {
    waiting = JSON.parse(kept('sessionStorage', WAITING) || '[]').slice(0, WAITING_MAX).map(function (text) {
      return { text: String(text) };
    });
  } catch (_) { /* somebody else wrote it */ }
  showWaiting();

  // A form that was sent without this script: its answer came with the page.
  if (answer()) { waitToClear(); field.focus({ preventScroll: true }); }
})();
