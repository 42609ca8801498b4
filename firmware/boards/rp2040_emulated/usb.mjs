// The computer at the other end of the Pico's USB cable, with its serial port open.
import { USBCDC } from './parts.mjs';

const PIECE = 64; // bytes of a packet

export class UsbHost extends USBCDC {
  // `onData` is given the bytes that the board writes.
  constructor(controller, onData) {
    super(controller);
    this.waiting = []; // bytes for the board that it has not asked for
    this.asked = 0; // bytes that it has room for, while there were none
    this.onSerialData = onData;
    // rp2040js answers a board that asks for bytes with none, every 10 microseconds; a computer lets it wait.
    controller.onEndpointRead = (endpoint, size) => {
      if (endpoint !== this.outEndpoint) return;
      this.asked = size;
      this.give();
    };
  }

  give() {
    if (!this.asked || !this.waiting.length) return;
    const bytes = Uint8Array.from(this.waiting.splice(0, Math.min(this.asked, PIECE)));
    this.asked = 0;
    this.usb.endpointReadDone(this.outEndpoint, bytes);
  }

  write(bytes) {
    for (const byte of bytes) this.waiting.push(byte);
    this.give();
  }
}
