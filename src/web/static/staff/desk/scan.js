// Reads QR codes from pictures: zxing-wasm where WebAssembly may run, jsQR elsewhere.
(function () {
  'use strict';

  function script(url) {
    return new Promise(function (resolve, reject) {
      var element = document.createElement('script');
      element.src = url;
      element.onload = resolve;
      element.onerror = function () { reject(new Error('cannot load ' + url)); };
      document.head.appendChild(element);
    });
  }

  // The smallest module there is: whether it compiles tells what browser and policy allow.
  function wasmAllowed() {
    try {
      return typeof WebAssembly === 'object' &&
        new WebAssembly.Module(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0)) instanceof WebAssembly.Module;
    } catch (_) {
      return false;
    }
  }

  function zxing(urls) {
    return script(urls.zxing).then(function () {
      var options = { overrides: { locateFile: function () { return urls.wasm; } }, fireImmediately: true };
      return window.ZXingWASM.prepareZXingModule(options);
    }).then(function () {
      return {
        name: 'zxing-wasm',
        read: function (image) {
          return window.ZXingWASM
            .readBarcodes(image, { formats: ['QRCode'], tryHarder: true, maxNumberOfSymbols: 1 })
            .then(function (found) { return found.length > 0 && found[0].text ? found[0].text : null; });
        },
      };
    });
  }

  function jsqr(urls) {
    return script(urls.jsqr).then(function () {
      return {
        name: 'jsQR',
        read: function (image) {
          var found = window.jsQR(image.data, image.width, image.height, { inversionAttempts: 'dontInvert' });
          return Promise.resolve(found && found.data ? found.data : null);
        },
      };
    });
  }

  // A reader for these addresses: {zxing, wasm, jsqr}.
  window.scanReader = function (urls) {
    if (!wasmAllowed()) return jsqr(urls);
    return zxing(urls).catch(function () { return jsqr(urls); });
  };
})();
