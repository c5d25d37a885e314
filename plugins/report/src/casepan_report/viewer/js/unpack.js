// A block of the page as arrays; the layout is told in packing.py.

async function unpackScan(entry) {
  const parts = new Parts(await inflate(document.getElementById(entry.block).textContent));
  const { vertices, faces } = entry;
  const scan = { places: new Float32Array(3 * vertices), faces: new Uint32Array(3 * faces), shades: null, warmth: null };
  for (let axis = 0; axis < 3; axis++) {
    let at = 0;
    const steps = parts.take(vertices, 2);
    for (let i = 0; i < vertices; i++) {
      at = (at + unfolded(steps[i])) & 0xffff;
      scan.places[3 * i + axis] = entry.low[axis] + at * entry.step_mm;
    }
  }
  if (entry.shades) scan.shades = shadesOf(parts, vertices);
  if (entry.heat) scan.warmth = running(parts.take(vertices, 1), new Uint8Array(vertices));
  facesOf(parts, faces, scan.faces);
  return scan;
}

async function inflate(text) {
  const packed = Uint8Array.from(atob(text.trim()), (letter) => letter.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

class Parts {
  constructor(bytes) {
    this.bytes = bytes;
    this.at = 0;
  }

  take(count, size) {
    const values = new Uint32Array(count);
    for (let byte = 0; byte < size; byte++, this.at += count)
      for (let i = 0; i < count; i++) values[i] |= this.bytes[this.at + i] << (8 * byte);
    return values;
  }
}

function unfolded(value) {
  return (value >>> 1) ^ -(value & 1);
}

function running(values, into) {
  let sum = 0;
  for (let i = 0; i < values.length; i++) into[i] = sum = (sum + unfolded(values[i])) & 0xff;
  return into;
}

function shadesOf(parts, count) {
  const [green, red, blue] = [0, 1, 2].map(() => running(parts.take(count, 1), new Uint8Array(count)));
  const shades = new Uint8Array(3 * count);
  for (let i = 0; i < count; i++) {
    shades[3 * i] = red[i] + green[i];
    shades[3 * i + 1] = green[i];
    shades[3 * i + 2] = blue[i] + green[i];
  }
  return shades;
}

function facesOf(parts, count, faces) {
  const [first, second, third] = [0, 1, 2].map(() => parts.take(count, 3));
  let lead = 0;
  for (let i = 0; i < count; i++) {
    lead += unfolded(first[i]);
    faces[3 * i] = lead;
    faces[3 * i + 1] = lead + unfolded(second[i]);
    faces[3 * i + 2] = lead + unfolded(third[i]);
  }
}
