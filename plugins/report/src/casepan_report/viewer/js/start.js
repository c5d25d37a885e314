// The viewer itself: it starts when somebody comes near it.

const REST_MS = 160;
const FLY_WIDTH_MM = 22;
const LEGEND_PX = 84;
const KEYS = { 1: "front", 2: "left", 3: "right", 4: "upper", 5: "lower", 6: "back" };

class Viewer {
  constructor(section, context, story) {
    Object.assign(this, { section, story, drawRequest: 0, rest: 0, chosen: null });
    const part = (name) => section.querySelector(`[data-cv="${name}"]`);
    this.part = part;
    this.canvas = section.querySelector("canvas");
    this.looking = new Looking(story.frame, () => this.redraw());
    this.drawing = new Drawing(this.canvas, context, this.looking);
    this.panel = new Panel(part("scans"), story.scans, () => this.shownChanged());
    this.measure = new Measure(part("ink"), this.looking, (text) => this.say(text));
    this.pins = new Pins(part("pins"), story.pins, this.looking, this.drawing, (number) => this.fly(number));
    this.tools();
    this.views();
    this.choices();
    const actions = { tap: (x, y) => this.tap(x, y), reach: (x, y) => this.reach(x, y), key: (key) => this.key(key), hint: (text) => this.say(text) };
    this.hands = new Hands(this.canvas, this.looking, actions);
    new ResizeObserver(() => this.resize()).observe(part("stage"));
    this.canvas.addEventListener("webglcontextrestored", () => this.redraw());
  }

  async load() {
    for (const scan of this.story.scans) {
      Object.assign(scan, await unpackScan(scan));
      scan.normals = normalsOf(scan.places, scan.faces);
      const warm = scan.warmth && warmed(scan.warmth, scan.heat, this.story.heat, this.story.heat.ramp);
      scan.body = this.drawing.add(scan, scan.number, warm);
      await new Promise((resolve) => setTimeout(resolve)); // the page stays at hand between two scans
    }
    const clouds = this.story.scans.map(({ places }) => places).filter(({ length }) => length);
    this.looking.depth = 2 * Math.max(60, ...clouds.map((places) => farthest(places, clouds[0])));
    this.recolour(this.ownColours ? "own" : "plain");
    this.resize();
    this.loaded = true;
    this.shownChanged();
    Object.assign(this.looking.now, this.fitted(this.story.start));
    this.looking.apply();
    this.part("stage").removeAttribute("aria-busy");
    this.say("");
  }

  // Controls

  tools() {
    const fields = { box: this.part("section") };
    for (const name of ["axis", "offset", "value", "flip", "face"]) fields[name] = this.part(`section-${name}`);
    this.cutting = new Section(fields, this.looking, this.drawing, () => this.shown());
    for (const button of this.section.querySelectorAll("[data-tool]"))
      button.addEventListener("click", () => this.use(button.dataset.tool, button.getAttribute("aria-pressed") !== "true"));
  }

  use(tool, active) {
    this.section.querySelector(`[data-tool="${tool}"]`).setAttribute("aria-pressed", String(active));
    if (tool === "section") this.cutting.set(active, this.chosen?.place);
    else this.measure.set(active);
    this.part("cross").hidden = !this.measure.active;
    this.canvas.classList.toggle("cv-aiming", this.measure.active);
  }

  views() {
    for (const button of this.section.querySelectorAll("[data-view]")) {
      button.hidden = !this.story.views.includes(button.dataset.view) && button.dataset.view !== "reset";
      button.addEventListener("click", () => this.view(button.dataset.view));
    }
  }

  choices() {
    this.ownColours = this.story.scans.some(({ shades }) => shades);
    const has = { own: this.ownColours, plain: true, heat: !!this.story.heat };
    for (const radio of this.section.querySelectorAll('[name="cv-colours"]')) {
      radio.parentElement.hidden = !has[radio.value];
      radio.addEventListener("change", () => this.recolour(radio.value));
    }
    this.part("colours").hidden = !has.own && !has.heat;
    if (has.heat) drawLegend(this.part("legend"), this.story.heat);
  }

  recolour(mode) {
    this.section.querySelector(`[name="cv-colours"][value="${mode}"]`).checked = true;
    this.section.dataset.colours = mode;
    this.drawing.colour(mode);
    this.part("legend").hidden = mode !== "heat";
    this.looking.legend = mode === "heat" && this.looking.size.width > 480 ? LEGEND_PX : 0;
  }

  key(key) {
    if (key === "0") this.view("reset");
    else if (KEYS[key] && this.story.views.includes(KEYS[key])) this.view(KEYS[key]);
    else if (key === "m") this.use("measure", !this.measure.active);
    else if (key === "s") this.use("section", !this.cutting.active);
    else if (key === "Enter" && this.measure.active) this.tap(this.looking.size.width / 2, this.looking.size.height / 2);
    else if (key === "Escape" && this.measure.active) this.use("measure", false);
    else if (key === "Escape" && this.cutting.active) this.use("section", false);
    else return false;
    return true;
  }

  // Looking

  shown() {
    return this.story.scans.filter((scan) => scan.places && this.panel.isShown(scan));
  }

  fitted(view) {
    const shown = this.shown();
    return this.looking.fitted(this.looking.axes(view), (shown.length ? shown : this.story.scans).map(({ places }) => places));
  }

  // Everything as it was in the beginning.
  reset() {
    for (const tool of ["measure", "section"]) this.use(tool, false);
    this.cutting.reset();
    this.recolour(this.ownColours ? "own" : "plain");
    this.panel.reset();
  }

  view(name) {
    if (name === "reset") this.reset();
    else if (this.story.views.includes("upper") && (name === "upper" || name === "lower")) this.panel.only(name);
    else this.panel.restore();
    this.select(null);
    return this.looking.goTo(this.fitted(name === "reset" ? this.story.start : name));
  }

  async fly(number) {
    await this.ready;
    const pin = this.pins.get(number);
    if (!pin) return;
    this.panel.restore();
    const scan = this.story.scans.find(({ id }) => id === pin.scan);
    if (scan) this.panel.show(scan);
    const turn = this.towards(pin, scan);
    const scale = Math.min(this.looking.size.width, this.looking.size.height) / FLY_WIDTH_MM;
    this.select(pin);
    await this.looking.goTo({ target: pin.place.clone(), turn, scale });
    if (scan && ["upper", "lower"].includes(scan.arch) && (await this.pins.isBehind(pin.place))) this.panel.only(scan.arch);
    if (this.cutting.active) this.cutting.choose(pin.place);
  }

  // Straight at the surface round a pin, the mouth upright as far as that goes.
  towards(pin, scan) {
    const out = facing(scan ? [scan] : this.shown(), pin.place, 2.5) ?? axesOf(this.looking.now.turn)[2];
    const { up, front } = this.looking.frame;
    const above = Math.abs(out.dot(up)) > 0.85 ? front.clone().multiplyScalar(out.dot(up) > 0 ? -1 : 1) : up;
    return turnOf(out, above);
  }

  select(pin) {
    this.chosen = pin;
    this.pins.choose(pin?.number);
    if (!pin) return this.say("");
    const target = document.getElementById(`finding-${pin.number}`);
    const link = target ? [" ", made("a", { href: `#finding-${pin.number}`, textContent: "Read the finding" })] : [];
    this.say(`${pin.number} · ${pin.title}`, ...link);
  }

  async tap(x, y) {
    const place = await this.drawing.placeAt(x, y);
    if (this.measure.active) this.measure.add(place);
    else if (place && !this.part("legend").hidden) this.say(this.heatAt(place));
  }

  async reach(x, y) {
    const place = this.measure.active ? null : await this.drawing.placeAt(x, y);
    if (place) this.looking.goTo({ ...copied(this.looking.now), target: place, scale: clamp(this.looking.now.scale * 1.8, 4, 60) });
  }

  heatAt(place) {
    let [nearest, text] = [0.8, "There is no value at this place"];
    for (const { places, warmth, heat } of this.shown())
      for (let i = 0, k = 0; warmth && k < warmth.length; i += 3, k++) {
        const away = Math.hypot(places[i] - place.x, places[i + 1] - place.y, places[i + 2] - place.z);
        if (away >= nearest || !warmth[k]) continue;
        nearest = away;
        text = millimetres(heat.low + ((warmth[k] - 1) / 254) * (heat.high - heat.low)).replace("-", "−");
      }
    return text;
  }

  // Drawing

  say(...words) {
    this.part("status").replaceChildren(...words);
  }

  shownChanged() {
    if (!this.loaded) return;
    for (const scan of this.story.scans) this.drawing.show(scan.body, this.panel.isShown(scan), this.panel.opacity(scan));
    if (this.cutting.active) this.cutting.cut();
  }

  resize() {
    const { clientWidth, clientHeight } = this.part("stage");
    if (!clientWidth || !clientHeight) return;
    this.drawing.resize(clientWidth, clientHeight);
    this.looking.resize(clientWidth, clientHeight);
    this.draw();
  }

  redraw() {
    this.drawRequest ||= requestAnimationFrame(() => this.draw());
  }

  draw() {
    cancelAnimationFrame(this.drawRequest);
    this.drawRequest = 0;
    if (!this.loaded) return;
    this.drawing.render();
    this.pins.draw((id) => !this.story.scans.some((scan) => scan.id === id && !this.panel.isShown(scan)));
    this.measure.draw();
    drawScaleBar(this.part("scale"), this.looking.now.scale);
    clearTimeout(this.rest);
    this.rest = setTimeout(() => this.pins.fade(), REST_MS);
  }
}

// The largest distance from the first place of another cloud: scans may lie far apart.
function farthest(places, [x, y, z]) {
  let most = 0;
  for (let i = 0; i < places.length; i += 3) most = Math.max(most, Math.hypot(places[i] - x, places[i + 1] - y, places[i + 2] - z));
  return most;
}

function whenNear(element, act) {
  const observer = new IntersectionObserver((entries) => {
    if (!entries.some((entry) => entry.isIntersecting)) return;
    observer.disconnect();
    act();
  }, { rootMargin: "600px" });
  observer.observe(element);
}

function begin(section) {
  const part = (name) => section.querySelector(`[data-cv="${name}"]`);
  const fail = (text) => {
    part("body").hidden = true;
    Object.assign(part("message"), { hidden: false, textContent: text });
  };
  const context = section.querySelector("canvas").getContext("webgl2", { antialias: true, alpha: true });
  if (!context || typeof DecompressionStream === "undefined")
    return fail("This browser cannot draw in 3D here. The pictures of this report show the same scans.");
  part("body").hidden = false;
  const story = JSON.parse(document.getElementById("casepan-story").textContent);
  let started = null;
  const start = () => (started ??= (async () => {
    const viewer = new Viewer(section, context, story);
    viewer.ready = viewer.load();
    section.casepanViewer = viewer;
    await viewer.ready;
    return viewer;
  })().catch((error) => {
    fail("The 3D view could not be drawn. The pictures of this report show the same scans.");
    throw error;
  }));
  const fly = async (number) => (await start()).fly(number);
  whenNear(section, start);
  document.addEventListener("click", (event) => {
    const element = event.target.closest("[data-pin]");
    if (!element || !story.pins.some((pin) => String(pin.number) === element.dataset.pin)) return;
    fly(Number(element.dataset.pin));
    if (!element.matches("a[href]")) section.scrollIntoView({ block: "nearest" });
  });
  const follow = () => {
    const number = /^#finding-(\d+)$/.exec(location.hash)?.[1];
    if (number) fly(Number(number));
  };
  addEventListener("hashchange", follow);
  follow();
}

for (const section of document.querySelectorAll(".casepan-viewer")) if (section.querySelector("canvas")) begin(section);
