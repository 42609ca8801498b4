// node bench.mjs FIRMWARE.uf2 [--no-usb]: a Pico that another program holds in its hands. Each line on standard
// input is a request in JSON, {"do": name, ...}, of `requests` below, and gets one line in answer. Time is
// the board's own and stands still between requests.
import { createHash } from 'node:crypto';
import readline from 'node:readline';
import { Board, firmware } from './board.mjs';

const [path, ...options] = process.argv.slice(2);
const heard = { usb: [], uart: [] };
const wanted = { line: '', bytes: null };
const board = new Board(firmware(path), hear, { usb: !options.includes('--no-usb') });
const seen = { reads: 0 };
let saved = null;

function hear(line, bytes) {
  heard[line].push(...bytes);
  if (wanted.line === line && endsWithin(heard[line], wanted.bytes, bytes.length)) board.halt();
}

// The last `fresh` bytes of `all` end what is looked for.
function endsWithin(all, text, fresh) {
  const from = Math.max(0, all.length - fresh - text.length + 1);
  return Buffer.from(all.slice(from)).includes(text);
}

// What was said since the last answer, and how the board stands.
function standing(why) {
  const said = {};
  for (const line of Object.keys(heard)) said[line] = Buffer.from(heard[line].splice(0)).toString('latin1');
  const { count, milliseconds, last } = board.pico ?? board.last;
  return { why, ...said, ms: milliseconds, resets: board.resets, on: board.on, last, ...count };
}

const requests = {
  // Power on, from cold.
  start() {
    board.start();
    return {};
  },
  stop() {
    board.last = board.pico;
    board.stop();
    return {};
  },
  reset() {
    board.reset();
    return {};
  },
  // On until this much more time, or so many more instructions, has passed, or a line has said `text`.
  run({ ms = Infinity, instructions = Infinity, line = 'usb', text = '' }) {
    const { pico } = board;
    Object.assign(wanted, text ? { line, bytes: Buffer.from(text, 'latin1') } : { line: '' });
    return standing(board.run(pico.count.instructions + instructions, pico.clock.nanos + ms * 1e6));
  },
  write({ line = 'usb', data }) {
    board.write(line, Buffer.from(data, 'latin1'));
    return {};
  },
  pin: ({ pin }) => ({ level: board.pico.pin(pin) }),
  drive({ pin, level }) {
    board.drive(pin, level);
    return {};
  },
  analog({ pin, share }) {
    board.analog(pin, share);
    return {};
  },
  // The power will go, as Board.cutAfter says.
  cut(how) {
    board.cutAfter(how);
    return {};
  },
  read({ at, length }) {
    const flash = board.pico?.flash ?? board.flash;
    return { data: Buffer.from(flash.subarray(at, at + length)).toString('base64') };
  },
  digest({ at, length }) {
    const flash = board.pico?.flash ?? board.flash;
    return { sha256: createHash('sha256').update(flash.subarray(at, at + length)).digest('hex') };
  },
  // Answers with how often the processor has read these bytes of flash, from now on. It is slow from now on, too.
  watch({ at, length }) {
    const { mcu } = board.pico;
    for (const name of ['readUint8', 'readUint16', 'readUint32']) {
      const read = mcu[name].bind(mcu);
      mcu[name] = (address) => {
        const offset = (address & 0xffffff) - at;
        if (address >>> 24 >= 0x10 && address >>> 24 < 0x14 && offset >= 0 && offset < length) seen.reads++;
        return read(address);
      };
    }
    return {};
  },
  watched: () => seen,
  // Puts bytes into flash, as a programmer does.
  put({ at, data }) {
    (board.pico?.flash ?? board.flash).set(Buffer.from(data, 'base64'), at);
    return {};
  },
  // All but the flash is as it was at `save`, whatever has become of the power.
  save() {
    saved = { pico: board.pico, snapshot: board.pico.save() };
    return {};
  },
  restore() {
    const flash = board.pico?.flash ?? board.flash;
    if (flash !== saved.pico.flash) saved.pico.flash.set(flash);
    saved.snapshot.restore();
    board.cut = null;
    board.plug(saved.pico);
    return {};
  },
};

for await (const text of readline.createInterface({ input: process.stdin })) {
  let answer;
  try {
    const { do: name, ...rest } = JSON.parse(text);
    if (!Object.hasOwn(requests, name)) throw new RangeError(`there is no request "${name}"`);
    answer = requests[name](rest);
  } catch (error) {
    answer = { error: `${error.name}: ${error.message}` };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
