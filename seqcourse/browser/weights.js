// What is computed from attention weights. A map is an array, row after row.

// The weights that seqcourse/packing.py packed, in steps of 1/10000; the Rice code is explained there.
function unpack(text, [layers, heads, rows, columns], causal) {
  const letters = {};
  for (let code = 33, place = 0; code < 127; code++)
    if (!'"\\\x3c'.includes(String.fromCharCode(code))) letters[code] = place++;
  let place = 0, waiting = 0, count = 0; // bits that wait to be read, and how many
  const read = (bits) => {
    while (count < bits) {
      waiting = waiting * 8192 + letters[text.charCodeAt(place)] * 91 + letters[text.charCodeAt(place + 1)];
      place += 2;
      count += 13;
    }
    count -= bits;
    const value = waiting >>> count;
    waiting &= (1 << count) - 1;
    return value;
  };
  const number = (k) => {
    let quotient = 0;
    while (quotient < 20 && read(1)) quotient++;
    return quotient < 20 ? quotient * 2 ** k + read(k) : read(15);
  };
  const steps = new Uint16Array(layers * heads * rows * columns);
  for (let line = 0; line < layers * heads * rows; line++) {
    const k = read(4), last = line * columns + (causal ? line % rows : columns - 1);
    let left = 10000;
    for (let i = line * columns; i < last; i++) left -= steps[i] = number(k);
    const off = number(1);
    steps[last] = left + (off % 2 ? (-1 - off) / 2 : off / 2);
  }
  return steps;
}

// One map of a kind; head -1 is the mean of all heads.
function weightsOf({ shape: [, heads, rows, columns], steps }, layer, head) {
  const size = rows * columns, values = new Float64Array(size);
  const chosen = head < 0 ? [...Array(heads).keys()] : [head];
  for (const h of chosen) {
    const start = (layer * heads + h) * size;
    for (let i = 0; i < size; i++) values[i] += steps[start + i];
  }
  return values.map((sum) => sum / chosen.length / 10000);
}

function entropy(row) {
  return row.reduce((bits, w) => (w > 0 ? bits - w * Math.log2(w) : bits), 0);
}
