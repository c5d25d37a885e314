// The scene on the canvas: light as in the report's pictures, see-through scans, the cut, and what lies at a pixel.

const PLAIN = [
  [0.9, 0.84, 0.74],
  [0.72, 0.8, 0.88],
  [0.8, 0.88, 0.74],
  [0.88, 0.78, 0.84],
];
const NO_VALUE = [204, 204, 204];
const PASSED = 0.5; // fainter scans are looked and clicked through

const PLACED = /* glsl */ `
  varying vec3 vPlace;
  vec4 placed() {
    vPlace = position;
    return projectionMatrix * modelViewMatrix * vec4(position, 1.0);
  }`;
const CUT = /* glsl */ `
  uniform vec4 cut;
  varying vec3 vPlace;
  void away() { if (dot(cut.xyz, vPlace) > cut.w) discard; }`;
const LIT_VERTEX = /* glsl */ `
  ${PLACED}
  attribute vec3 shade;
  attribute vec3 warm;
  attribute float hollow;
  uniform vec3 plain;
  uniform int colours;
  varying vec3 vNormal, vColour;
  void main() {
    vNormal = normalMatrix * normal;
    vColour = colours == 0 ? plain : colours == 1 ? shade : warm;
    vColour *= 1.0 - clamp(hollow * 1.1, -0.08, 0.42);
    gl_Position = placed();
  }`;
const LIT_FRAGMENT = /* glsl */ `
  ${CUT}
  uniform float opacity;
  varying vec3 vNormal, vColour;
  const vec3 KEY = vec3(-0.4511, 0.5514, 0.7018);
  const vec3 FILL = vec3(0.6516, -0.1002, 0.7518);
  const vec3 HALF = vec3(-0.2443, 0.2986, 0.9229);
  void main() {
    away();
    bool inside = vNormal.z < 0.0;
    vec3 facing = normalize(inside ? -vNormal : vNormal);
    float light = 0.33 + 0.64 * max(dot(facing, KEY), 0.0) + 0.22 * max(dot(facing, FILL), 0.0) + 0.06 * facing.y;
    if (inside) light *= 0.62;
    float shine = 0.13 * pow(max(dot(facing, HALF), 0.0), 28.0);
    gl_FragColor = vec4(vColour * light + shine, opacity);
  }`;
const DEPTH_FRAGMENT = /* glsl */ `
  ${CUT}
  void main() {
    away();
    vec4 parts = fract(min(gl_FragCoord.z, 0.9999999) * vec4(1.0, 255.0, 65025.0, 16581375.0));
    gl_FragColor = parts - parts.yzww * vec4(vec3(1.0 / 255.0), 0.0);
  }`;

class Drawing {
  constructor(canvas, context, looking) {
    const { LineMaterial, LineSegments2, LineSegmentsGeometry, Scene, WebGLRenderer, WebGLRenderTarget } = casepanThree;
    this.renderer = new WebGLRenderer({ canvas, context, antialias: true, alpha: true });
    this.renderer.setClearColor(0xffffff, 0);
    this.looking = looking;
    this.scene = new Scene();
    this.bodies = [];
    this.cut = { value: null };
    this.noCut();
    this.depths = new WebGLRenderTarget(1, 1);
    this.depthsAreOld = true;
    this.depthMaterial = this.material({ vertexShader: `${PLACED} void main() { gl_Position = placed(); }`, fragmentShader: DEPTH_FRAGMENT });
    this.line = new LineSegments2(new LineSegmentsGeometry(), new LineMaterial({ linewidth: 2.2, worldUnits: false }));
    this.line.renderOrder = 1000;
    this.line.visible = false;
    this.line.frustumCulled = false;
    this.scene.add(this.line);
  }

  material(settings) {
    const { DoubleSide, ShaderMaterial } = casepanThree;
    const uniforms = { cut: this.cut, ...settings.uniforms };
    return new ShaderMaterial({ side: DoubleSide, ...settings, uniforms });
  }

  add(scan, number, warm) {
    const { BufferAttribute, BufferGeometry, LessEqualDepth, Mesh } = casepanThree;
    const geometry = new BufferGeometry();
    geometry.setIndex(new BufferAttribute(scan.faces, 1));
    geometry.setAttribute("position", new BufferAttribute(scan.places, 3));
    geometry.setAttribute("normal", new BufferAttribute(scan.normals, 3));
    geometry.setAttribute("hollow", new BufferAttribute(hollowsOf(scan.places, scan.faces, scan.normals), 1));
    if (scan.shades) geometry.setAttribute("shade", new BufferAttribute(padded(scan.shades), 4, true));
    if (warm) geometry.setAttribute("warm", new BufferAttribute(warm, 4, true));
    const uniforms = {
      plain: { value: PLAIN[number % PLAIN.length] },
      colours: { value: 0 },
      opacity: { value: 1 },
    };
    const face = new Mesh(geometry, this.material({ vertexShader: LIT_VERTEX, fragmentShader: LIT_FRAGMENT, uniforms }));
    const veil = new Mesh(geometry, this.material({ vertexShader: this.depthMaterial.vertexShader, fragmentShader: DEPTH_FRAGMENT }));
    // Drawn first into the depth only, a see-through scan shows its nearest surface and nothing of its inside.
    Object.assign(veil.material, { colorWrite: false, transparent: true });
    Object.assign(face.material, { depthFunc: LessEqualDepth, polygonOffset: number > 1, polygonOffsetFactor: -number, polygonOffsetUnits: -2 * number });
    veil.renderOrder = 2 * number + 1;
    this.scene.add(veil, face);
    const body = { face, veil, uniforms, has: { shade: !!scan.shades, warm: !!warm } };
    this.bodies.push(body);
    return body;
  }

  show(body, visible, opacity) {
    body.face.visible = visible && opacity > 0;
    body.veil.visible = body.face.visible && opacity < 1;
    body.face.renderOrder = opacity < 1 ? body.veil.renderOrder + 1 : 0;
    body.face.material.transparent = opacity < 1;
    body.uniforms.opacity.value = opacity;
    this.stale();
  }

  colour(mode) {
    for (const body of this.bodies)
      body.uniforms.colours.value = mode === "own" && body.has.shade ? 1 : mode === "heat" && body.has.warm ? 2 : 0;
    this.stale();
  }

  cutAt(normal, offset, ends, ink) {
    this.cut.value = [normal.x, normal.y, normal.z, offset];
    this.line.geometry.dispose();
    this.line.geometry = new casepanThree.LineSegmentsGeometry();
    this.line.visible = ends.length > 0;
    if (ends.length) this.line.geometry.setPositions(ends);
    this.line.material.color.set(ink);
    this.stale();
  }

  noCut() {
    this.cut.value = [0, 0, 0, 1];
    if (this.line) this.line.visible = false;
    this.stale();
  }

  resize(width, height) {
    const ratio = Math.min(devicePixelRatio || 1, 2);
    this.renderer.setPixelRatio(ratio);
    this.renderer.setSize(width, height, false);
    this.depths.setSize(Math.round(width * ratio), Math.round(height * ratio));
    this.line.material.resolution.set(width, height);
  }

  stale() {
    this.depthsAreOld = true;
    this.looking.changed();
  }

  render() {
    this.depthsAreOld = true;
    this.renderer.render(this.scene, this.looking.camera);
  }

  // The place of the surface at a pixel, or null; a promise, because the picture is not waited for.
  async placeAt(x, y) {
    const { width, height } = this.looking.size;
    if (x < 0 || y < 0 || x >= width || y >= height) return null;
    if (this.depthsAreOld) this.drawDepths();
    const [across, down] = [this.depths.width / width, this.depths.height / height];
    const [column, row] = [Math.floor(x * across), Math.floor(y * down)];
    const [near, far] = [0, 1].map((depth) => this.looking.unproject((column + 0.5) / across, (row + 0.5) / down, depth));
    const bytes = new Uint8Array(4);
    await this.renderer.readRenderTargetPixelsAsync(this.depths, column, this.depths.height - 1 - row, 1, 1, bytes);
    const depth = bytes[0] / 255 + bytes[1] / 255 ** 2 + bytes[2] / 255 ** 3 + bytes[3] / 255 ** 4;
    return depth >= 1 ? null : near.lerp(far, depth);
  }

  drawDepths() {
    const hidden = [this.line, ...this.bodies.map(({ veil }) => veil)];
    hidden.push(...this.bodies.filter((body) => body.uniforms.opacity.value < PASSED).map(({ face }) => face));
    const before = hidden.map((object) => object.visible);
    for (const object of hidden) object.visible = false;
    this.scene.overrideMaterial = this.depthMaterial;
    this.renderer.setClearColor(0xffffff, 1);
    this.renderer.setRenderTarget(this.depths);
    this.renderer.clear();
    this.renderer.render(this.scene, this.looking.camera);
    this.renderer.setRenderTarget(null);
    this.renderer.setClearColor(0xffffff, 0);
    this.scene.overrideMaterial = null;
    hidden.forEach((object, k) => (object.visible = before[k]));
    this.depthsAreOld = false;
  }
}

function padded(triples) {
  const fours = new Uint8Array((triples.length / 3) * 4);
  for (let i = 0, k = 0; i < triples.length; i += 3, k += 4) fours.set([triples[i], triples[i + 1], triples[i + 2]], k);
  return fours;
}

// The colours of a heat map for the page's common range.
function warmed(warmth, heat, range, ramp) {
  const colours = new Uint8Array(4 * warmth.length);
  const table = Array.from({ length: 256 }, (_, byte) => {
    if (!byte) return NO_VALUE;
    const value = heat.low + ((byte - 1) / 254) * (heat.high - heat.low);
    const share = clamp((value - range.low) / Math.max(range.high - range.low, 1e-9), 0, 1);
    return ramp[Math.round(share * (ramp.length - 1))];
  });
  for (let i = 0; i < warmth.length; i++) colours.set(table[warmth[i]], 4 * i);
  return colours;
}
