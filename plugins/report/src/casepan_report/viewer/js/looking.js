// Where one looks from: an orthographic camera that named views, hands and flights move.

const FLIGHT_MS = 520;
const MARGIN = { share: 0.05, most: 36 }; // of the shorter side, pixels
const ZOOM = { least: 0.2, most: 400 }; // pixels per mm

class Looking {
  constructor(frame, changed) {
    const { Vector3, Quaternion, OrthographicCamera } = casepanThree;
    const [occlusal, front, up] = [frame.occlusal, frame.front, frame.up].map((each) => new Vector3(...each));
    this.frame = { occlusal, front, up, right: new Vector3().crossVectors(front, up) };
    this.camera = new OrthographicCamera();
    this.now = { target: new Vector3(), turn: new Quaternion(), scale: 8 };
    this.size = { width: 1, height: 1 };
    this.depth = 200;
    this.legend = 0; // pixels at the right that named views keep free
    this.flight = null;
    this.changed = changed;
  }

  // The picture's right, its up and the direction towards the viewer; as in casepan.mesh.pictures.camera.
  axes(view) {
    const { occlusal, front, up, right } = this.frame;
    const back = (vector) => vector.clone().negate();
    const biting = (towards) => [towards, towards.dot(up) > 0 ? back(front) : front];
    const [towards, above] = {
      front: [front, up],
      left: [back(right), up],
      right: [right, up],
      back: [back(front), up],
      upper: biting(back(up)),
      lower: biting(up),
      occlusal: biting(occlusal),
    }[view];
    return turnOf(towards, above);
  }

  // The state that shows all of these places (arrays of x, y, z) from one side.
  fitted(turn, clouds) {
    const { Vector3 } = casepanThree;
    const [right, up, towards] = axesOf(turn);
    const low = new Vector3(Infinity, Infinity, Infinity);
    const high = new Vector3(-Infinity, -Infinity, -Infinity);
    const seen = new Vector3();
    const place = new Vector3();
    for (const cloud of clouds)
      for (let i = 0; i < cloud.length; i += 3) {
        place.set(cloud[i], cloud[i + 1], cloud[i + 2]);
        seen.set(place.dot(right), place.dot(up), place.dot(towards));
        low.min(seen);
        high.max(seen);
      }
    if (low.x > high.x) return { target: new Vector3(), turn, scale: 8 };
    const middle = low.clone().add(high).multiplyScalar(0.5);
    const { width, height } = this.size;
    const margin = Math.min(MARGIN.share * Math.min(width, height), MARGIN.most);
    const room = { x: width - 2 * margin - this.legend, y: height - 2 * margin };
    const wish = Math.min(room.x / Math.max(high.x - low.x, 1), room.y / Math.max(high.y - low.y, 1));
    const scale = clamp(wish, ZOOM.least, ZOOM.most);
    const target = right.clone().multiplyScalar(middle.x + this.legend / 2 / scale);
    target.addScaledVector(up, middle.y).addScaledVector(towards, middle.z);
    return { target, turn, scale };
  }

  resize(width, height) {
    const before = Math.min(this.size.width, this.size.height);
    this.size = { width, height };
    if (before > 1) this.now.scale *= Math.min(width, height) / before;
    this.apply();
  }

  apply() {
    const { camera, now, size, depth } = this;
    camera.right = size.width / 2 / now.scale;
    camera.top = size.height / 2 / now.scale;
    camera.left = -camera.right;
    camera.bottom = -camera.top;
    camera.near = 0;
    camera.far = 2 * depth;
    const [, , towards] = axesOf(now.turn);
    camera.position.copy(now.target).addScaledVector(towards, depth);
    camera.quaternion.copy(now.turn);
    camera.updateProjectionMatrix();
    camera.updateMatrixWorld();
    this.changed();
  }

  // Fly to a state; at once where the person asked for less motion. Resolves when there.
  goTo(state) {
    this.stop();
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) {
      Object.assign(this.now, copied(state));
      this.apply();
      return Promise.resolve();
    }
    const [from, start] = [copied(this.now), performance.now()];
    return new Promise((resolve) => {
      const step = (time) => {
        const share = clamp((time - start) / FLIGHT_MS, 0, 1);
        const eased = share * share * (3 - 2 * share);
        this.now.target.lerpVectors(from.target, state.target, eased);
        this.now.turn.slerpQuaternions(from.turn, state.turn, eased);
        this.now.scale = from.scale * (state.scale / from.scale) ** eased;
        this.apply();
        if (share < 1) this.flight = { frame: requestAnimationFrame(step), resolve };
        else this.flight = resolve() ?? null;
      };
      this.flight = { frame: requestAnimationFrame(step), resolve };
    });
  }

  stop() {
    if (!this.flight) return;
    cancelAnimationFrame(this.flight.frame);
    this.flight.resolve();
    this.flight = null;
  }

  rotate(right, down) {
    this.stop();
    const { Quaternion, Vector3 } = casepanThree;
    const about = (x, y, angle) => new Quaternion().setFromAxisAngle(new Vector3(x, y, 0), angle);
    this.now.turn.multiply(about(0, 1, -right)).multiply(about(1, 0, -down)).normalize();
    this.apply();
  }

  roll(angle) {
    this.stop();
    const { Quaternion, Vector3 } = casepanThree;
    this.now.turn.multiply(new Quaternion().setFromAxisAngle(new Vector3(0, 0, 1), angle)).normalize();
    this.apply();
  }

  pan(right, down) {
    this.stop();
    const [x, y] = axesOf(this.now.turn);
    this.now.target.addScaledVector(x, -right / this.now.scale).addScaledVector(y, down / this.now.scale);
    this.apply();
  }

  // Larger by a factor; what lies at this pixel stays there.
  zoom(factor, x = this.size.width / 2, y = this.size.height / 2) {
    this.stop();
    const scale = clamp(this.now.scale * factor, ZOOM.least, ZOOM.most);
    const [right, up] = axesOf(this.now.turn);
    const shift = 1 / this.now.scale - 1 / scale;
    this.now.target.addScaledVector(right, (x - this.size.width / 2) * shift);
    this.now.target.addScaledVector(up, (this.size.height / 2 - y) * shift);
    this.now.scale = scale;
    this.apply();
  }

  // Pixel x, y and depth (0 nearest to 1 farthest) of a place.
  project(place) {
    const seen = place.clone().project(this.camera);
    return { x: ((seen.x + 1) / 2) * this.size.width, y: ((1 - seen.y) / 2) * this.size.height, z: (seen.z + 1) / 2 };
  }

  unproject(x, y, z) {
    const { width, height } = this.size;
    return new casepanThree.Vector3((x / width) * 2 - 1, 1 - (y / height) * 2, z * 2 - 1).unproject(this.camera);
  }
}

function turnOf(towards, above) {
  const { Matrix4, Quaternion, Vector3 } = casepanThree;
  const right = new Vector3().crossVectors(above, towards).normalize();
  const up = new Vector3().crossVectors(towards, right).normalize();
  return new Quaternion().setFromRotationMatrix(new Matrix4().makeBasis(right, up, towards.clone().normalize()));
}

function axesOf(turn) {
  return [0, 1, 2].map((k) => new casepanThree.Vector3(+(k === 0), +(k === 1), +(k === 2)).applyQuaternion(turn));
}

function copied(state) {
  return { target: state.target.clone(), turn: state.turn.clone(), scale: state.scale };
}

function clamp(value, low, high) {
  return Math.min(Math.max(value, low), high);
}
