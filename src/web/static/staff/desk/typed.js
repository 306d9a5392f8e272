// What somebody typed, or a scanner did. A text can come as keys, with any layout or input method; without keys, pasted or
// put into the field; fast or slow; with Enter, with Tab or with nothing behind it.
(function () {
  'use strict';

  // Between two keys of a scanner that types like a keyboard. Nobody types eight characters so fast.
  var KEY_GAP_MS = 100;
  var MACHINE_CHARACTERS_MIN = 8;
  // How long nothing may come before a text counts as whole that has no Enter behind it: longer for whoever types slowly.
  var SETTLE_MS_MIN = 400;
  var SETTLE_MS_MAX = 1500;
  var SETTLE_GAPS = 2.5;
  // Who puts a text into the field need not tell anybody.
  var LOOK_MS = 150;

  var CODE_DIGITS = 21;
  var SIGNS = {
    Period: '.:', Slash: '/?', Minus: '-_', Semicolon: ';:', Equal: '=+', Comma: ',<', Space: '  ', NumpadDecimal: '..',
    NumpadDivide: '//', NumpadSubtract: '--',
  };

  // Full-width letters, digits and signs as the ones they stand for.
  function plain(text) {
    return text.replace(/[\uff01-\uff5e]/g, function (sign) {
      return String.fromCharCode(sign.charCodeAt(0) - 0xfee0);
    }).replace(/\u3002/g, '.').replace(/\u3000/g, ' ').trim();
  }

  // Whether a text is all that there is to come: a code, the address of one, or a licence identifier.
  function isWhole(text) {
    var read = plain(text);
    if (/^https?:\/\/\S+\/\d+$/i.test(read)) return /\/\d{21}$/.test(read);
    if (/1\.2\.156\.3005\.2\./.test(read)) return /\.[0-9A-Z]{21}\.[0-9A-Z]{18}\.[0-9A-Z]+\.\d{3}\.[0-9A-Z]$/i.test(read);
    return /^[\d\s-]+$/.test(read) && read.replace(/\D/g, '').length === CODE_DIGITS;
  }

  function hasCode(text) {
    return plain(text).split(/\D+/).some(function (run) { return run.length === CODE_DIGITS; });
  }

  function worth(text) {
    if (!text) return 0;
    if (isWhole(text)) return 3;
    return hasCode(text) ? 2 : 1;
  }

  // The best of what was read in several ways; of equals the first.
  function best(texts) {
    return texts.reduce(function (chosen, text) { return worth(text) > worth(chosen) ? text : chosen; }, '');
  }

  // The character of a key as a keyboard of the common layout has it: what an input method makes of it does not matter.
  function characterOf(event) {
    var digit = /^(?:Digit|Numpad)([0-9])$/.exec(event.code);
    if (digit) return event.shiftKey && event.code.indexOf('Digit') === 0 ? ')!@#$%^&*('[Number(digit[1])] : digit[1];
    var letter = /^Key([A-Z])$/.exec(event.code);
    if (letter) return event.shiftKey ? letter[1] : letter[1].toLowerCase();
    var sign = SIGNS[event.code];
    return sign ? sign[event.shiftKey ? 1 : 0] : '';
  }

  // Reads what comes into a field. `taken(text)` has it once it is whole; `entered()` hears of Enter without a text.
  window.typedReader = function (field, taken, entered) {
    var keys = '';             // since the field was empty
    var burst = '';            // since a key was slow
    var isEdited = false;      // by hand: keys do not tell any more what stands there
    var isMachine = false;
    var numpad = '';
    var lastKey = 0;
    var seen = '';
    var lastChange = 0;
    var gap = 0;
    var timer = null;
    var isComposing = false;
    var swallows = false;

    function forget() {
      clearTimeout(timer);
      keys = '';
      burst = '';
      numpad = '';
      isEdited = false;
      isMachine = false;
      seen = '';
      lastChange = 0;
      gap = 0;
    }

    function empty() {
      field.value = '';
      forget();
    }

    function take() {
      var read = best([field.value.trim(), isEdited ? '' : keys.trim(), burst.trim()]);
      empty();
      if (read) taken(read); else entered();
    }

    function isComplete() {
      return worth(best([field.value, isEdited ? '' : keys, burst])) === 3;
    }

    function settle() {
      clearTimeout(timer);
      if (!isComplete() && !isMachine) return;
      timer = setTimeout(take, Math.min(SETTLE_MS_MAX, Math.max(SETTLE_MS_MIN, SETTLE_GAPS * gap)));
    }

    // The field says something else than before.
    function changed() {
      var value = field.value;
      if (isComposing || value === seen) return;
      var before = seen;
      seen = value;
      if (!value) { forget(); return; }
      var now = performance.now();
      if (lastChange) gap = Math.max(gap, Math.min(now - lastChange, SETTLE_MS_MAX));
      lastChange = now;
      var added = value.indexOf(before) === 0 ? value.slice(before.length) : value;
      if (added.length >= MACHINE_CHARACTERS_MIN && keys.length < added.length) {
        // What stood there before was another text.
        var isScanned = isMachine || isWhole(before);
        if (before.trim() && (added !== value || isScanned) && isWhole(added)) {
          var waited = isScanned ? before.trim() : '';
          empty();
          if (waited) taken(waited);
          field.value = added;
          seen = added;
        }
        isMachine = true;
      }
      settle();
    }

    function typed(character, at) {
      if (at - lastKey > KEY_GAP_MS) burst = '';
      lastKey = at;
      keys += character;
      burst += character;
      if (burst.length >= MACHINE_CHARACTERS_MIN) isMachine = true;
      settle();
    }

    document.addEventListener('keydown', function (event) {
      if (event.ctrlKey || event.metaKey) return;
      var isNumpad = /^Numpad[0-9]$/.test(event.code);
      if (event.altKey) {
        if (isNumpad) numpad += event.code.slice(-1);
        return;
      }
      var character = characterOf(event);
      var isOurs = event.target === field;
      if (character && (isOurs || !event.target.closest('input, select, textarea'))) {
        // On a button, the space bar presses it.
        if (!isOurs && character === ' ') return;
        if (!isOurs) field.focus({ preventScroll: true });
        typed(character, event.timeStamp);
        return;
      }
      if (/^(?:Backspace|Delete|Arrow|Home|End)/.test(event.code)) { isEdited = true; isMachine = false; burst = ''; return; }
      var isEnter = event.code === 'Enter' || event.code === 'NumpadEnter';
      var isTab = event.code === 'Tab' && !event.shiftKey;
      var isWanted = isEnter ? isOurs || event.target === document.body || isComplete() : isTab && (isComplete() || isMachine);
      if (!isWanted) return;
      // An input method that is still at it takes this Enter for itself.
      if (event.isComposing && !isComplete()) return;
      swallows = event.isComposing;
      event.preventDefault();
      event.stopPropagation();
      take();
    }, true);

    // Some scanners type a character as its number on the keypad, with Alt held down.
    document.addEventListener('keyup', function (event) {
      if (!/^Alt/.test(event.code) || !numpad) return;
      var character = String.fromCharCode(Number(numpad));
      numpad = '';
      // Between two of them many keys are pressed.
      lastKey = event.timeStamp;
      typed(character, event.timeStamp);
    }, true);

    field.addEventListener('compositionstart', function () { isComposing = true; });
    field.addEventListener('compositionend', function () {
      isComposing = false;
      // What an input method still puts there was taken by its keys.
      if (swallows) { swallows = false; setTimeout(empty, 0); return; }
      changed();
    });
    field.addEventListener('input', function (event) {
      if (/^(?:delete|insertFrom)/.test(event.inputType || '')) isEdited = true;
      changed();
    });
    field.addEventListener('change', changed);
    setInterval(changed, LOOK_MS);

    return {
      empty: empty,
      // The field has this text, to be corrected by hand.
      mend: function (text) {
        empty();
        field.value = text;
        seen = text;
        isEdited = true;
        field.focus();
      },
    };
  };
})();
