// A Pico on a bench: its flash lives on when the power goes, and what is wired to it stays wired when it resets.
import fs from 'node:fs';
import { Cut, FLASH_BYTES, Pico } from './chip.mjs';
import { tear } from './tear.mjs';

const BLOCK = 512; // of a UF2 file
const XIP = 0x10000000;
const LINES = ['usb', 'uart'];
const NEWLINE = 10;
const INSTRUCTIONS = 100; // a few

export const FILES = 0xd0000; // where in flash MicroPython's files and journals begin

// The flash with a firmware in it, a .uf2 file: where it writes nothing the flash is erased.
export function firmware(path) {
  const flash = new Uint8Array(FLASH_BYTES).fill(0xff);
  const file = fs.readFileSync(path);
  for (let at = 0; at < file.length; at += BLOCK) {
    const [address, length] = [file.readUInt32LE(at + 12), file.readUInt32LE(at + 16)];
    flash.set(file.subarray(at + 32, at + 32 + length), address - XIP);
  }
  return flash;
}

export class Board {
  // `heard` is given what the board says: ("usb" or "uart", bytes).
  constructor(flash, heard, { usb = true, seed = 1 } = {}) {
    this.options = { usb, seed };
    this.heard = heard;
    this.flash = flash; // while the power is off
    this.pico = null;
    this.wires = new Map(); // pin -> level from outside
    this.volts = new Map(); // pin -> share
    this.waiting = []; // bytes for the UART, which holds 32
    this.resets = 0;
    this.cut = null; // when the power goes, see `cutAfter`
    this.onFlash = null;
    this.inLine = false; // the UART has said a part of a line
  }

  get on() {
    return this.pico !== null;
  }

  // The power goes at an operation on the flash, counted from now, torn as tear.mjs says; or before an instruction,
  // at the next moment in which the UART is not within a line, for what it says is a ledger of whole lines.
  cutAfter({ operation = 0, instruction = 0, tear: how = { kind: 'none' } }) {
    const { count } = this.pico;
    this.cut = operation
      ? { operation: count.operations + operation, how }
      : { instruction: count.instructions + instruction };
  }

  // Power: a cold start. The seed decides what os.urandom gives, which differs from start to start.
  start() {
    this.options.seed = (Math.imul(this.options.seed, 0x9e3779b1) + 1) | 0;
    this.plug(new Pico(this.flash, this.options));
  }

  // The power goes, now.
  stop() {
    if (this.on) this.flash = this.pico.flash.slice();
    this.pico = null;
    this.cut = null;
    this.waiting = [];
    this.inLine = false;
  }

  plug(pico) {
    this.pico = pico;
    pico.onUsb = (bytes) => this.heard('usb', bytes);
    pico.onUart = (byte) => {
      this.inLine = byte !== NEWLINE;
      this.heard('uart', [byte]);
    };
    pico.onFlash = (at, length) => this.onFlash?.(at, pico.flash.subarray(at, at + length));
    pico.onOperation = (number, at, bytes) => this.operation(number, at, bytes);
    for (const [index, level] of this.wires) pico.drive(index, level);
    for (const [index, share] of this.volts) pico.analog(index, share);
  }

  // The reset button, or the chip's own.
  reset() {
    const old = this.pico;
    this.resets++;
    this.waiting = [];
    this.plug(old.reset(this.options));
    this.pico.count.operations = old.count.operations;
  }

  operation(number, at, bytes) {
    this.onOperation?.(number, at, bytes);
    if (!this.cut || this.cut.operation !== number) return;
    const { flash } = this.pico;
    tear(flash, at, bytes, this.cut.how);
    this.onFlash?.(at, flash.subarray(at, at + (bytes ? bytes.length : 4096)));
    throw new Cut();
  }

  drive(index, level) {
    if (level === null) this.wires.delete(index);
    else this.wires.set(index, level);
    this.pico?.drive(index, level);
  }

  analog(index, share) {
    this.volts.set(index, share);
    this.pico?.analog(index, share);
  }

  write(line, bytes) {
    if (!LINES.includes(line)) throw new RangeError(`there is no line "${line}"`);
    if (line === 'usb') this.pico.usb.write(bytes);
    else this.waiting.push(...bytes);
  }

  // Runs as Pico.run does, through resets. Returns why it came back: "time", "stopped" (`stop` was set),
  // "asleep" (only something outside can wake it), "cut" (the power is off now).
  run(instructions = Infinity, nanos = Infinity) {
    let end = this.cut?.instruction ?? Infinity;
    for (;;) {
      const { pico } = this;
      try {
        if (this.waiting.length) pico.uartWrite(this.waiting.splice(0, pico.uartRoom));
        const soon = this.waiting.length ? pico.clock.nanos + 1e6 : nanos;
        const awake = pico.run(Math.min(instructions, end), Math.min(nanos, soon));
        if (pico.wantsReset) {
          this.reset();
          continue;
        }
        if (pico.count.instructions >= end) {
          if (!this.inLine) throw new Cut();
          end += INSTRUCTIONS;
          continue;
        }
        if (!awake) return 'asleep';
        if (pico.stopped) return 'stopped';
        if (pico.count.instructions >= instructions || pico.clock.nanos >= nanos) return 'time';
      } catch (error) {
        if (!(error instanceof Cut)) throw error;
        this.last = pico;
        this.stop();
        return 'cut';
      }
    }
  }

  // Comes back from `run` at the next instruction.
  halt() {
    if (this.on) this.pico.stopped = true;
  }
}
