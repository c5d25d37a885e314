// Mouse, fingers, pen and keys on the canvas.

const RADIANS_PER_PX = 0.0085;
const STILL_PX = 5;
const KEY_TURN = Math.PI / 36;
const KEY_PAN_PX = 30;

class Hands {
  // Actions: tap(x, y), reach(x, y) for a double click, key(name), hint(text).
  constructor(canvas, looking, actions) {
    Object.assign(this, { canvas, looking, actions, down: new Map(), moved: 0 });
    canvas.addEventListener("pointerdown", (event) => this.press(event));
    canvas.addEventListener("pointermove", (event) => this.move(event));
    for (const name of ["pointerup", "pointercancel"]) canvas.addEventListener(name, (event) => this.release(event));
    canvas.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    canvas.addEventListener("dblclick", (event) => actions.reach(event.offsetX, event.offsetY));
    canvas.addEventListener("contextmenu", (event) => event.preventDefault());
    canvas.addEventListener("keydown", (event) => this.key(event));
  }

  press(event) {
    this.canvas.setPointerCapture(event.pointerId);
    this.canvas.focus({ preventScroll: true });
    if (!this.down.size) this.moved = 0;
    this.down.set(event.pointerId, { x: event.offsetX, y: event.offsetY, slides: event.button > 0 || event.shiftKey });
    if (this.down.size > 1) this.moved = Infinity;
    event.preventDefault();
  }

  move(event) {
    const finger = this.down.get(event.pointerId);
    if (!finger) return;
    const before = this.grip();
    const [right, down] = [event.offsetX - finger.x, event.offsetY - finger.y];
    Object.assign(finger, { x: event.offsetX, y: event.offsetY });
    this.moved += Math.hypot(right, down);
    if (this.moved < STILL_PX) return;
    if (this.down.size > 1) this.pinch(before, this.grip());
    else if (finger.slides) this.looking.pan(right, down);
    else this.looking.rotate(right * RADIANS_PER_PX, down * RADIANS_PER_PX);
  }

  release(event) {
    const finger = this.down.get(event.pointerId);
    this.down.delete(event.pointerId);
    if (event.type === "pointerup" && finger && !finger.slides && this.moved < STILL_PX)
      this.actions.tap(event.offsetX, event.offsetY);
  }

  // Middle, spread and angle of the first two fingers.
  grip() {
    const [a, b] = this.down.values();
    if (!b) return null;
    return { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2, spread: Math.hypot(b.x - a.x, b.y - a.y), angle: Math.atan2(b.y - a.y, b.x - a.x) };
  }

  pinch(before, after) {
    this.looking.pan(after.x - before.x, after.y - before.y);
    this.looking.zoom(after.spread / Math.max(before.spread, 1), after.x, after.y);
    this.looking.roll(after.angle - before.angle);
  }

  // The page scrolls until somebody has chosen the view.
  wheel(event) {
    if (document.activeElement !== this.canvas && !event.ctrlKey) {
      this.actions.hint("Click the view, then scroll to zoom");
      return;
    }
    event.preventDefault();
    const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1;
    this.looking.zoom(Math.exp(-event.deltaY * lines * 0.0016), event.offsetX, event.offsetY);
  }

  key(event) {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const [right, down] = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key] ?? [0, 0];
    if (right || down) {
      if (event.shiftKey) this.looking.pan(right * KEY_PAN_PX, down * KEY_PAN_PX);
      else this.looking.rotate(right * KEY_TURN, down * KEY_TURN);
    } else if (event.key === "+" || event.key === "=") this.looking.zoom(1.15);
    else if (event.key === "-") this.looking.zoom(1 / 1.15);
    else if (!this.actions.key(event.key)) return;
    event.preventDefault();
  }
}
