// The state of an emulated board, saved and put back in place: every object reachable from the roots keeps its
// identity, so that closures which hold it stay right. A fifth of a millisecond, where a boot takes a second.

export class Snapshot {
  // `skip` are objects to leave as they are: the flash, which outlives a cut.
  constructor(roots, skip) {
    this.objects = [];
    this.arrays = [];
    this.lists = [];
    const seen = new Set(skip);
    const todo = [...roots];
    while (todo.length) {
      const one = todo.pop();
      if (one === null || typeof one !== 'object' || seen.has(one)) continue;
      seen.add(one);
      if (ArrayBuffer.isView(one)) {
        if (!(one instanceof DataView)) this.arrays.push([one, one.slice()]);
      } else if (one instanceof Set || Array.isArray(one)) {
        this.lists.push([one, [...one]]);
        todo.push(...one);
      } else if (one instanceof Map) {
        this.lists.push([one, [...one]]);
        for (const [key, value] of one) todo.push(key, value);
      } else {
        const keys = Object.keys(one).filter((key) => this.isField(one, key));
        const values = keys.map((key) => one[key]);
        this.objects.push([one, keys, values]);
        todo.push(...values);
      }
    }
  }

  isField(object, key) {
    return typeof object[key] !== 'function' && !Object.getOwnPropertyDescriptor(object, key).get;
  }

  restore() {
    for (const [array, copy] of this.arrays) array.set(copy);
    for (const [object, keys, values] of this.objects) {
      for (let i = 0; i < keys.length; i++) object[keys[i]] = values[i];
    }
    for (const [list, items] of this.lists) {
      if (Array.isArray(list)) {
        list.length = items.length;
        for (let i = 0; i < items.length; i++) list[i] = items[i];
      } else {
        list.clear();
        for (const item of items) {
          if (list instanceof Set) list.add(item);
          else list.set(item[0], item[1]);
        }
      }
    }
  }
}
