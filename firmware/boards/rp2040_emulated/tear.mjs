// What flash holds when the power goes within an operation.
const SECTOR = 4096;

// `bytes` is the page that is programmed, null for an erase. `how` says what is done of it:
//   { kind: "none" } nothing, { kind: "all" } all of it,
//   { kind: "first", share } the first bytes of those that change, share 0 to 1,
//   { kind: "bits", density, seed } bits here and there, density of 8.
export function tear(flash, at, bytes, how) {
  const length = bytes ? bytes.length : SECTOR;
  const wanted = (i) => (bytes ? flash[at + i] & bytes[i] : 0xff);
  const changing = [];
  for (let i = 0; i < length; i++) if (flash[at + i] !== wanted(i)) changing.push(i);
  const random = xorshift(how.seed);
  const part = {
    none: () => [],
    all: () => changing,
    first: () => changing.slice(0, Math.ceil(how.share * changing.length)),
    bits: () => changing,
  }[how.kind]();
  for (const i of part) {
    const mask = how.kind === 'bits' ? someBits(random, how.density) : 0xff;
    flash[at + i] = (flash[at + i] & ~mask) | (wanted(i) & mask);
  }
}

function someBits(random, density) {
  let mask = 0;
  for (let bit = 0; bit < 8; bit++) if (random() % 8 < density) mask |= 1 << bit;
  return mask;
}

function xorshift(seed = 1) {
  let state = seed | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
}
