// A film for Chromium's fake camera: what a phone shows, held before the lens, as uncompressed YUV 4:2:0.

import { writeFileSync } from 'node:fs';

const WIDTH = 640;
const HEIGHT = 480;
const FRAMES = 10;

/** Writes a film of a PNG picture; `browser` reads the PNG, so that no other reader is needed. */
export async function film(browser, png, path) {
  const page = await browser.newPage();
  try {
    const light = await page.evaluate(async ([data, width, height]) => {
      const image = new Image();
      image.src = `data:image/png;base64,${data}`;
      await image.decode();
      const canvas = document.createElement('canvas');
      canvas.width = width;
      canvas.height = height;
      const context = canvas.getContext('2d');
      context.fillStyle = '#d8d8d8';
      context.fillRect(0, 0, width, height);
      const scale = Math.min((width * 0.8) / image.naturalWidth, (height * 0.8) / image.naturalHeight);
      const [w, h] = [image.naturalWidth * scale, image.naturalHeight * scale];
      context.drawImage(image, (width - w) / 2, (height - h) / 2, w, h);
      const pixels = context.getImageData(0, 0, width, height).data;
      let text = '';
      for (let place = 0; place < pixels.length; place += 4) {
        const value = 0.299 * pixels[place] + 0.587 * pixels[place + 1] + 0.114 * pixels[place + 2];
        text += String.fromCharCode(Math.round(16 + (value * 219) / 255));
      }
      return btoa(text);
    }, [png.toString('base64'), WIDTH, HEIGHT]);
    const colour = Buffer.alloc((WIDTH * HEIGHT) / 2, 128);
    const frame = [Buffer.from('FRAME\n'), Buffer.from(light, 'base64'), colour];
    const head = Buffer.from(`YUV4MPEG2 W${WIDTH} H${HEIGHT} F10:1 Ip A1:1 C420mpeg2\n`);
    writeFileSync(path, Buffer.concat([head, ...Array.from({ length: FRAMES }, () => frame).flat()]));
  } finally {
    await page.close();
  }
}
