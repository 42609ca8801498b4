// Where setup/rp2040js.sh has put the emulator and the chip's ROM.
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

process.env.TZ = 'UTC'; // the emulated RTC counts in the time zone of this process

const root = fileURLToPath(new URL('../../../', import.meta.url));
const folder = path.join(process.env.TSME_BUILD || path.join(root, 'build'), 'rp2040js');

function read(file) {
  try {
    return fs.readFileSync(file);
  } catch (error) {
    process.stderr.write(`${file}: ${error.code}; setup/rp2040js.sh puts it there\n`);
    process.exit(2);
  }
}

const rom = read(path.join(folder, 'bootrom.bin'));
export const bootrom = new Uint32Array(rom.buffer.slice(rom.byteOffset, rom.byteOffset + rom.length));

const main = path.join(folder, 'node_modules', 'rp2040js', 'dist', 'esm', 'index.js');
read(main);
export const { Simulator, USBCDC, ConsoleLogger, LogLevel } = await import(pathToFileURL(main).href);
