// node emulate.mjs FIRMWARE.uf2 FLASH UART SOCKET [--control]: a Pico on a bench of its own. Its USB port is a socket
// that listens, the file descriptor SOCKET. The file FLASH keeps what is in flash, whatever ends this process: that
// is the power cut. What it says on UART0 is added to the file UART. Time goes as fast as outside, or slower.
//
// With --control, lines on standard input are requests in JSON: {"do": "reset"}, and {"do": "cut", ..} with the
// arguments of Board.cutAfter. When the power is cut the process ends, and when standard input does.
import fs from 'node:fs';
import net from 'node:net';
import readline from 'node:readline';
import { Board, FILES, firmware } from './board.mjs';

const SLICE = 2; // ms of the board's time between two looks outside
const LATE = 100; // ms that it may catch up

const [image, file, uart, listener, control] = process.argv.slice(2);
const clients = new Set();

// The firmware is the newest; behind it stands what the board wrote.
function flash() {
  const all = firmware(image);
  if (fs.existsSync(file)) all.set(fs.readFileSync(file).subarray(FILES), FILES);
  fs.writeFileSync(file, all);
  return all;
}

function heard(line, bytes) {
  if (line === 'uart') fs.writeSync(said, Buffer.from(bytes));
  else for (const client of clients) client.write(Buffer.from(bytes));
}

const board = new Board(flash(), heard, { seed: Date.now() });
const said = fs.openSync(uart, 'a');
const kept = fs.openSync(file, 'r+');
board.onFlash = (at, bytes) => fs.writeSync(kept, bytes, 0, bytes.length, at);
board.start();

let ahead = performance.now(); // when the board's time was 0, by the clock outside

function turn() {
  const now = performance.now() - ahead;
  const { milliseconds } = board.pico;
  if (now - milliseconds > LATE) ahead += now - milliseconds - LATE;
  if (now < milliseconds) {
    setTimeout(turn, milliseconds - now);
    return;
  }
  if (board.run(Infinity, board.pico.clock.nanos + SLICE * 1e6) === 'cut') {
    process.stdout.write('the power is cut\n', () => process.exit(0));
    return;
  }
  setImmediate(turn);
}

const requests = {
  reset: () => board.reset(),
  cut: (how) => board.cutAfter(how),
};

if (control) {
  const lines = readline.createInterface({ input: process.stdin });
  lines.on('line', (text) => {
    const { do: name, ...how } = JSON.parse(text);
    requests[name](how);
  });
  lines.on('close', () => process.exit(0)); // whoever holds the power is gone
}

const server = net.createServer({ noDelay: true }, (client) => {
  clients.add(client);
  client.on('data', (bytes) => board.write('usb', bytes));
  client.on('error', () => client.destroy());
  client.on('close', () => clients.delete(client));
});
server.listen({ fd: Number(listener) }, turn);
