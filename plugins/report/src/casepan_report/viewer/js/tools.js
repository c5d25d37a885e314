// Measuring, the section plane, and what lies over the canvas: pins, scale bar, legend.

const SVG = "http://www.w3.org/2000/svg";

function made(tag, settings = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(settings))
    if (name in element) element[name] = value;
    else element.setAttribute(name, value);
  element.append(...children);
  return element;
}

function drawn(tag, settings) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(settings)) element.setAttribute(name, value);
  return element;
}

function millimetres(value, digits = 2) {
  return `${value.toFixed(digits)} mm`;
}

class Measure {
  constructor(svg, looking, say) {
    Object.assign(this, { svg, looking, say, active: false, points: [] });
  }

  set(active) {
    this.active = active;
    this.points = [];
    this.say(active ? "Choose the first point" : "");
    this.draw();
  }

  get distance_mm() {
    return this.points.length === 2 ? this.points[0].distanceTo(this.points[1]) : null;
  }

  add(place) {
    if (!place) {
      this.say("There is no surface at this place");
      return;
    }
    this.points = this.points.length === 2 ? [place] : [...this.points, place];
    this.say(this.points.length === 1 ? "Choose the second point" : `Distance ${millimetres(this.distance_mm)}`);
    this.draw();
  }

  draw() {
    const ends = this.points.map((place) => this.looking.project(place));
    const parts = [];
    if (ends.length === 2) {
      const [a, b] = ends;
      for (const kind of ["cv-line cv-halo", "cv-line"]) parts.push(drawn("line", { class: kind, x1: a.x, y1: a.y, x2: b.x, y2: b.y }));
      const text = drawn("text", { class: "cv-length", x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 - 10 });
      text.textContent = millimetres(this.distance_mm);
      parts.push(text);
    }
    for (const { x, y } of ends) parts.push(drawn("circle", { class: "cv-end", cx: x, cy: y, r: 4.5 }));
    this.svg.replaceChildren(...parts);
  }
}

class Section {
  constructor(fields, looking, drawing, shown) {
    Object.assign(this, { fields, looking, drawing, shown, active: false });
    fields.axis.addEventListener("change", () => this.choose());
    fields.offset.addEventListener("input", () => this.cut());
    fields.flip.addEventListener("change", () => this.cut());
    fields.face.addEventListener("click", () => this.lookAt());
  }

  set(active, through) {
    this.active = active;
    this.fields.box.hidden = !active;
    if (active) this.choose(through);
    else this.drawing.noCut();
  }

  reset() {
    this.fields.axis.selectedIndex = 0;
    this.fields.flip.checked = false;
  }

  // Take the direction that is chosen; the plane goes through a place, or through the middle of what is shown.
  choose(through = null) {
    const { right, front, up } = this.looking.frame;
    this.normal = { sagittal: right, frontal: front, horizontal: up }[this.fields.axis.value] ?? axesOf(this.looking.now.turn)[2];
    let [low, high] = [Infinity, -Infinity];
    for (const { places } of this.shown())
      for (let i = 0; i < places.length; i += 3) {
        const height = places[i] * this.normal.x + places[i + 1] * this.normal.y + places[i + 2] * this.normal.z;
        low = Math.min(low, height);
        high = Math.max(high, height);
      }
    if (low > high) [low, high] = [0, 0];
    this.middle = (low + high) / 2;
    const reach = (high - low) / 2;
    Object.assign(this.fields.offset, { min: -reach, max: reach });
    this.fields.offset.value = through ? through.dot(this.normal) - this.middle : 0;
    this.cut();
  }

  cut() {
    if (!this.active) return;
    const offset = Number(this.fields.offset.value);
    const height = this.middle + offset;
    const ends = this.shown().flatMap(({ places, faces }) => cutOf(places, faces, this.normal, height));
    const ink = getComputedStyle(this.fields.box).getPropertyValue("--cv-cut").trim();
    const side = this.fields.flip.checked ? -1 : 1;
    this.drawing.cutAt(this.normal.clone().multiplyScalar(side), side * height, ends, ink);
    const text = `${offset < 0 ? "−" : "+"}${millimetres(Math.abs(offset), 1)}`;
    this.fields.value.textContent = text;
    this.fields.offset.setAttribute("aria-valuetext", `${text} from the middle`);
  }

  lookAt() {
    const towards = this.normal.clone().multiplyScalar(this.fields.flip.checked ? -1 : 1);
    const { up, front } = this.looking.frame;
    const above = Math.abs(towards.dot(up)) > 0.9 ? front : up;
    this.looking.goTo({ ...copied(this.looking.now), turn: turnOf(towards, above) });
  }
}

class Pins {
  constructor(box, pins, looking, drawing, fly) {
    Object.assign(this, { looking, drawing });
    this.pins = pins.map((pin) => {
      const label = `Finding ${pin.number}: ${pin.title}`;
      const button = made("button", { type: "button", className: "cv-pin", title: pin.title, "aria-label": label });
      button.textContent = pin.number;
      button.addEventListener("click", () => fly(pin.number));
      return { ...pin, button, place: new casepanThree.Vector3(...pin.where_mm) };
    });
    box.append(...this.pins.map(({ button }) => button));
  }

  get(number) {
    return this.pins.find((pin) => pin.number === number);
  }

  choose(number) {
    for (const pin of this.pins) pin.button.setAttribute("aria-current", String(pin.number === number));
    for (const element of document.querySelectorAll("[data-pin]"))
      if (element.dataset.pin === String(number)) element.setAttribute("aria-current", "true");
      else element.removeAttribute("aria-current");
  }

  draw(isOn) {
    for (const { button, place, scan } of this.pins) {
      const { x, y } = this.looking.project(place);
      const { width, height } = this.looking.size;
      button.style.transform = `translate(${x}px, ${y}px) translate(-50%, -50%)`;
      button.hidden = !isOn(scan) || x < 0 || y < 0 || x > width || y > height;
    }
  }

  // Pins on a side that is turned away are fainter. Asked when the camera rests.
  async fade() {
    const asked = (this.asked = {});
    const seen = this.pins.filter(({ button }) => !button.hidden);
    const behind = await Promise.all(seen.map(({ place }) => this.isBehind(place)));
    if (asked !== this.asked) return; // the camera has moved on
    seen.forEach(({ button }, k) => button.classList.toggle("cv-behind", behind[k]));
  }

  async isBehind(place) {
    const towards = axesOf(this.looking.now.turn)[2];
    const { x, y } = this.looking.project(place);
    const seen = await this.drawing.placeAt(x, y);
    return seen !== null && seen.dot(towards) - place.dot(towards) > 0.8;
  }
}

function drawScaleBar(box, scale) {
  const wish = 110 / scale;
  const power = 10 ** Math.floor(Math.log10(wish));
  const length = Math.max(...[1, 2, 5].map((step) => step * power).filter((each) => each <= wish));
  box.firstElementChild.style.width = `${length * scale}px`;
  box.lastElementChild.textContent = `${+length.toPrecision(1)} mm`;
}

function drawLegend(box, heat) {
  const stops = heat.ramp.map((colour) => `rgb(${colour.join(" ")})`).reverse();
  const digits = clamp(Math.ceil(1 - Math.log10(Math.max(heat.high - heat.low, 1e-9))), 0, 3);
  const numbers = [4, 3, 2, 1, 0].map((k) => heat.low + (k / 4) * (heat.high - heat.low));
  const bar = made("div", { className: "cv-ramp" });
  bar.style.background = `linear-gradient(${stops.join(",")})`;
  const list = made("ol", {}, ...numbers.map((value) => made("li", { textContent: millimetres(value, digits).replace("-", "−") })));
  box.append(made("p", { textContent: heat.title }), made("div", {}, bar, list));
}
