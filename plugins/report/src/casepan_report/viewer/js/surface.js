// What follows from places and faces: normals, hollows, the line along which a plane cuts.

function normalsOf(places, faces) {
  const normals = new Float32Array(places.length);
  for (let f = 0; f < faces.length; f += 3) {
    const [a, b, c] = [3 * faces[f], 3 * faces[f + 1], 3 * faces[f + 2]];
    const [px, py, pz] = [places[b] - places[a], places[b + 1] - places[a + 1], places[b + 2] - places[a + 2]];
    const [qx, qy, qz] = [places[c] - places[a], places[c + 1] - places[a + 1], places[c + 2] - places[a + 2]];
    const [x, y, z] = [py * qz - pz * qy, pz * qx - px * qz, px * qy - py * qx];
    for (const corner of [a, b, c]) {
      normals[corner] += x;
      normals[corner + 1] += y;
      normals[corner + 2] += z;
    }
  }
  for (let i = 0; i < normals.length; i += 3) {
    const length = Math.hypot(normals[i], normals[i + 1], normals[i + 2]) || 1;
    for (let axis = 0; axis < 3; axis++) normals[i + axis] /= length;
  }
  return normals;
}

// How far the neighbours of each vertex rise over its tangent plane, from -1 (a peak) to 1 (a pit): fissures and the
// sulcus are drawn darker, as they are in a mouth.
function hollowsOf(places, faces, normals) {
  const count = places.length / 3;
  const [sums, edges] = [new Float32Array(count), new Float32Array(count)];
  const rise = (from, to) => {
    const [i, j] = [3 * from, 3 * to];
    const [x, y, z] = [places[j] - places[i], places[j + 1] - places[i + 1], places[j + 2] - places[i + 2]];
    const length = Math.hypot(x, y, z);
    if (!length) return;
    sums[from] += (x * normals[i] + y * normals[i + 1] + z * normals[i + 2]) / length;
    edges[from] += 1;
  };
  for (let f = 0; f < faces.length; f += 3)
    for (let k = 0; k < 3; k++) {
      rise(faces[f + k], faces[f + ((k + 1) % 3)]);
      rise(faces[f + k], faces[f + ((k + 2) % 3)]);
    }
  for (let i = 0; i < count; i++) sums[i] /= edges[i] || 1;
  return smoothed(smoothed(sums, faces), faces);
}

function smoothed(values, faces) {
  const [sums, counts] = [new Float32Array(values.length), new Float32Array(values.length)];
  for (let f = 0; f < faces.length; f += 3) {
    const mean = (values[faces[f]] + values[faces[f + 1]] + values[faces[f + 2]]) / 3;
    for (let k = 0; k < 3; k++) {
      sums[faces[f + k]] += mean;
      counts[faces[f + k]] += 1;
    }
  }
  for (let i = 0; i < sums.length; i++) sums[i] /= counts[i] || 1;
  return sums;
}

// Pairs of ends (x, y, z each) of the line in which the plane  normal . p = offset  cuts the faces.
function cutOf(places, faces, normal, offset) {
  const heights = new Float32Array(places.length / 3);
  for (let i = 0, k = 0; k < heights.length; i += 3, k++)
    heights[k] = places[i] * normal.x + places[i + 1] * normal.y + places[i + 2] * normal.z - offset;
  const ends = [];
  for (let f = 0; f < faces.length; f += 3) {
    const above = [heights[faces[f]] > 0, heights[faces[f + 1]] > 0, heights[faces[f + 2]] > 0];
    if (above[0] === above[1] && above[1] === above[2]) continue;
    for (let k = 0; k < 3; k++) {
      const next = (k + 1) % 3;
      if (above[k] === above[next]) continue;
      const [a, b] = [faces[f + k], faces[f + next]];
      const share = heights[a] / (heights[a] - heights[b]);
      for (let axis = 0; axis < 3; axis++)
        ends.push(places[3 * a + axis] + share * (places[3 * b + axis] - places[3 * a + axis]));
    }
  }
  return ends;
}

// The mean direction in which the surface within a radius of a place faces; null where there is no surface.
function facing(scans, place, radius) {
  const sum = new casepanThree.Vector3();
  for (const { places, normals } of scans)
    for (let i = 0; i < places.length; i += 3) {
      const away = Math.hypot(places[i] - place.x, places[i + 1] - place.y, places[i + 2] - place.z);
      if (away < radius) sum.add(new casepanThree.Vector3(normals[i], normals[i + 1], normals[i + 2]));
    }
  return sum.length() > 1e-6 ? sum.normalize() : null;
}
