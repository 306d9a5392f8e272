// A film for Chromium's fake camera: a QR code on a light page, as uncompressed YUV 4:2:0.

import { writeFileSync } from 'node:fs';

import qrcode from 'qrcode-generator';

const WIDTH = 640;
const HEIGHT = 480;
const FRAMES = 10;

/** Writes a film that shows `text` as a QR code. */
export function film(path, text) {
  const qr = qrcode(0, 'M');
  qr.addData(text, /^[0-9A-Z $%*+./:-]*$/.test(text) ? 'Alphanumeric' : 'Byte');
  qr.make();
  const modules = qr.getModuleCount();
  const side = Math.floor((HEIGHT * 0.8) / (modules + 8));
  const left = Math.floor((WIDTH - side * modules) / 2);
  const top = Math.floor((HEIGHT - side * modules) / 2);
  const light = Buffer.alloc(WIDTH * HEIGHT, 215);
  for (let row = 0; row < modules; row += 1) {
    for (let column = 0; column < modules; column += 1) {
      if (!qr.isDark(row, column)) continue;
      for (let y = 0; y < side; y += 1) {
        const start = (top + row * side + y) * WIDTH + left + column * side;
        light.fill(30, start, start + side);
      }
    }
  }
  const colour = Buffer.alloc((WIDTH * HEIGHT) / 2, 128);
  const parts = [Buffer.from(`YUV4MPEG2 W${WIDTH} H${HEIGHT} F10:1 Ip A1:1 C420mpeg2\n`)];
  for (let frame = 0; frame < FRAMES; frame += 1) parts.push(Buffer.from('FRAME\n'), light, colour);
  writeFileSync(path, Buffer.concat(parts));
}
