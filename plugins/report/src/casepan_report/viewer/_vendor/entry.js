// What the viewer uses of three.js: everything else is left out of three.js beside this file.
export {
  BufferAttribute,
  BufferGeometry,
  DoubleSide,
  LessEqualDepth,
  Mesh,
  OrthographicCamera,
  Matrix4,
  Quaternion,
  Scene,
  ShaderMaterial,
  Vector3,
  WebGLRenderTarget,
  WebGLRenderer,
} from "three";
export { LineMaterial } from "three/examples/jsm/lines/LineMaterial.js";
export { LineSegments2 } from "three/examples/jsm/lines/LineSegments2.js";
export { LineSegmentsGeometry } from "three/examples/jsm/lines/LineSegmentsGeometry.js";
