// An RP2040 as it is on a Raspberry Pi Pico: rp2040js, and what that leaves out. Flash can be erased and
// programmed as NOR can, the watchdog resets, pins have pull resistors and read what they drive, and the power
// can go before any instruction and within any operation on the flash.
import { ConsoleLogger, LogLevel, Simulator, bootrom } from './parts.mjs';
import { Snapshot } from './snapshot.mjs';
import { UsbHost } from './usb.mjs';

export const FLASH_BYTES = 2 << 20;
export const SECTOR = 4096;
export const PAGE = 256;

const CYCLE = 8; // ns, at 125 MHz
const ERASE = 45e6; // ns a sector, typical of a W25Q16
const PROGRAM = 0.4e6; // ns a page
const ENTRY = 0x10000000;
const WATCHDOG = 0x40058;
const RING_OSCILLATOR = 0x40060;
const RANDOM_BIT = 0x1c;
const UART_SENT = 0x20;

const RANGE_ERASE = 'RE';
const RANGE_PROGRAM = 'RP';
const NOTHING_TO_DO = ['IF', 'EX', 'FC', 'CX']; // the flash is always connected, and has no cache

// The power is gone.
export class Cut extends Error {}

// The entry points of the ROM's functions by their two letters, as its table has them (RP2040 data sheet 2.8.3).
function romFunctions() {
  const view = new DataView(bootrom.buffer);
  const found = new Map();
  for (let at = view.getUint16(0x14, true); view.getUint16(at, true); at += 4) {
    const code = String.fromCharCode(view.getUint8(at), view.getUint8(at + 1));
    found.set(code, view.getUint16(at + 2, true) & ~1);
  }
  return found;
}

// The ring oscillator's random bit, which rp2040js has always set: os.urandom would give the same for ever.
class RingOscillator {
  constructor(seed) {
    this.state = seed | 1;
  }

  readUint32(offset) {
    if (offset !== RANDOM_BIT) return 0xffffffff;
    this.state ^= this.state << 13;
    this.state ^= this.state >>> 17;
    this.state ^= this.state << 5;
    return this.state & 1;
  }

  writeUint32() {}

  writeUint32Atomic() {}
}

export class Pico {
  // `flash` is what it has in flash. `reset` is what survives a reset that is no loss of power, see `reset()`.
  constructor(flash, { usb = true, seed = 1, reset = null } = {}) {
    const simulator = new Simulator();
    this.mcu = simulator.rp2040;
    this.clock = simulator.clock;
    this.core = this.mcu.core;
    this.mcu.logger = new ConsoleLogger(LogLevel.Error, false);
    this.mcu.loadBootrom(bootrom);
    this.mcu.flash.set(flash);
    // instructions executed; operations on flash, of which erases are sectors and programs are pages;
    // unaligned and overwritten: programs that a driver ought not to ask for
    this.count = { instructions: 0, operations: 0, erases: 0, programs: 0, unaligned: 0, overwritten: 0 };
    this.last = ''; // "erase" or "program"
    this.onOperation = null; // (number, at, bytes of a page or null for an erase): may throw Cut
    this.onFlash = null; // (at, length): this much has changed
    this.onUart = null; // (byte)
    this.onUsb = null; // (bytes)
    this.stopped = false;
    this.wantsReset = false;
    this.driven = new Map();
    this.hooks = new Map();
    this.hookRom();
    this.mendUart();
    this.mendPins();
    this.mcu.peripherals[RING_OSCILLATOR] = new RingOscillator(seed);
    this.watchdog = this.mcu.peripherals[WATCHDOG];
    this.watchdog.onWatchdogTrigger = () => {
      this.wantsReset = true;
      this.stopped = true;
    };
    if (reset) {
      this.watchdog.reason = reset.reason;
      this.watchdog.scratchData.set(reset.scratch);
      this.clock.nanosCounter = reset.nanos;
      this.count.instructions = reset.instructions;
    }
    this.usb = usb ? new UsbHost(this.mcu.usbCtrl, (bytes) => this.onUsb?.(bytes)) : null;
    this.core.PC = ENTRY;
  }

  // The chip after the reset that it asked for: its RAM is lost, its flash and the watchdog's words are not.
  reset(options) {
    const { watchdog, clock, count } = this;
    const kept = { reason: watchdog.reason, scratch: watchdog.scratchData.slice(), nanos: clock.nanos };
    return new Pico(this.flash, { ...options, reset: { ...kept, instructions: count.instructions } });
  }

  get flash() {
    return this.mcu.flash.subarray(0, FLASH_BYTES);
  }

  get milliseconds() {
    return this.clock.nanos / 1e6;
  }

  hookRom() {
    for (const [code, address] of romFunctions()) {
      if (code === RANGE_ERASE) this.hooks.set(address, ([at, length]) => this.erase(at >>> 0, length >>> 0));
      if (code === RANGE_PROGRAM) {
        this.hooks.set(address, ([at, from, length]) => this.program(at >>> 0, from >>> 0, length >>> 0));
      }
      if (NOTHING_TO_DO.includes(code)) this.hooks.set(address, () => {});
    }
  }

  // rp2040js raises the transmit interrupt for ever, and machine.UART never leaves its handler. What is written
  // is gone at once, so nobody needs it.
  mendUart() {
    this.mcu.uart[0].onByte = (byte) => this.onUart?.(byte);
    for (const uart of this.mcu.uart) {
      uart.checkInterrupts = () => {
        this.mcu.setInterrupt(uart.irq, !!(uart.interruptStatus & uart.interruptMask & ~UART_SENT));
      };
    }
  }

  // A pin reads what it drives itself, else what drives it from outside, else its pull resistor.
  mendPins() {
    this.mcu.gpio.forEach((pin) => pin.addListener(() => this.settle(pin)));
  }

  settle(pin) {
    const outside = this.driven.get(pin.index) ?? pin.pullupEnabled;
    const level = !!(pin.outputEnable ? pin.outputValue : outside);
    if (pin.rawInputValue !== level) pin.setInputValue(level);
  }

  // The level that a pin has, 0 or 1.
  pin(index) {
    const pin = this.mcu.gpio[index];
    this.settle(pin);
    return Number(pin.rawInputValue);
  }

  // Drive a pin from outside to 0 or 1; null lets it go.
  drive(index, level) {
    if (level === null) this.driven.delete(index);
    else this.driven.set(index, !!level);
    this.settle(this.mcu.gpio[index]);
  }

  // Give an analog pin, 26 to 29, a share of its reference.
  analog(index, share) {
    this.mcu.adc.channelValues[index - 26] = Math.round(share * 4095);
  }

  uartWrite(bytes) {
    for (const byte of bytes) this.mcu.uart[0].feedByte(byte);
  }

  get uartRoom() {
    const { rxFIFO } = this.mcu.uart[0];
    return rxFIFO.buffer.length - rxFIFO.itemCount;
  }

  erase(at, length) {
    const { count, mcu } = this;
    for (let sector = at; sector < at + length; sector += SECTOR) {
      count.operations++;
      count.erases++;
      this.last = 'erase';
      this.onOperation?.(count.operations, sector, null);
      mcu.flash.fill(0xff, sector, sector + SECTOR);
      this.onFlash?.(sector, SECTOR);
      this.clock.tick(ERASE);
    }
  }

  // The chip programs page by page, and wraps around within one.
  program(at, from, length) {
    const { count, mcu } = this;
    const { flash } = mcu;
    if (at % PAGE || length % PAGE) count.unaligned++;
    for (let offset = 0; offset < length; offset += PAGE) {
      const page = (at + offset) & ~(PAGE - 1);
      const bytes = new Uint8Array(PAGE);
      for (let i = 0; i < PAGE; i++) bytes[(at + i) & (PAGE - 1)] = mcu.readUint8(from + offset + i);
      count.operations++;
      count.programs++;
      this.last = 'program';
      this.onOperation?.(count.operations, page, bytes);
      for (let i = 0; i < PAGE; i++) {
        if ((flash[page + i] & bytes[i]) !== bytes[i] && bytes[i] !== 0xff) count.overwritten++;
        flash[page + i] &= bytes[i];
      }
      this.onFlash?.(page, PAGE);
      this.clock.tick(PROGRAM);
    }
  }

  // Runs until `instructions` were executed in all, or it is `nanos`, or `stopped` is set. False if it sleeps,
  // nothing inside will ever wake it, and no end is given.
  run(instructions = Infinity, nanos = Infinity) {
    const { core, clock, hooks, count } = this;
    let done = count.instructions;
    this.stopped = false;
    try {
      while (!this.stopped && done < instructions && clock.nanosCounter < nanos) {
        if (core.waiting) {
          if (!clock.nextAlarm && nanos === Infinity) return false;
          const rest = clock.nextAlarm ? clock.nanosToNextAlarm : Infinity;
          clock.tick(Math.min(rest, nanos - clock.nanosCounter));
          continue;
        }
        const pc = core.PC;
        if (pc < 0x4000) {
          const hook = hooks.get(pc);
          if (hook) {
            count.instructions = done;
            hook(core.registers);
            core.PC = core.LR & ~1;
            clock.tick(10 * CYCLE);
            continue;
          }
        }
        const spent = core.executeInstruction() * CYCLE;
        const alarm = clock.nextAlarm;
        if (alarm && alarm.nanos <= clock.nanosCounter + spent) clock.tick(spent);
        else clock.nanosCounter += spent;
        done++;
      }
    } finally {
      count.instructions = done;
    }
    return true;
  }

  // All but the flash.
  save() {
    const { mcu, clock, count, usb } = this;
    const skip = [mcu.flash, mcu.flash16, mcu.flash.buffer, mcu.bootrom, mcu.logger];
    return new Snapshot([mcu, clock, count, this.driven, ...(usb ? [usb] : [])], skip);
  }
}
