// Which scans are shown, how solid they are, and in which colours.

class Panel {
  constructor(box, scans, changed) {
    Object.assign(this, { scans, changed, before: null, groups: [] });
    const roles = [...new Set(scans.map(({ role }) => role))];
    for (const role of roles) this.addRole(box, role, scans.filter((scan) => scan.role === role));
    this.update();
  }

  addRole(box, role, scans) {
    const rows = scans.map((scan) => this.row(scan));
    if (scans.length === 1) {
      box.append(...rows);
      return;
    }
    const check = made("input", { type: "checkbox", "data-role": role });
    check.addEventListener("change", () => {
      for (const scan of scans) scan.check.checked = check.checked;
      this.touched();
    });
    this.groups.push({ check, scans });
    const heading = made("label", { className: "cv-role" }, check, made("span", { textContent: `${scans[0].role_title} (${scans.length})` }));
    box.append(made("div", { className: "cv-roles", role: "group", "aria-label": scans[0].role_title }, heading, ...rows));
  }

  row(scan) {
    scan.check = made("input", { type: "checkbox", checked: scan.shown, "data-scan": scan.id });
    scan.slider = made("input", { type: "range", min: 0, max: 100, step: 5, value: 100, "aria-label": `Opacity of ${scan.title}`, title: "Opacity" });
    scan.check.addEventListener("change", () => this.touched());
    scan.slider.addEventListener("input", () => this.touched());
    const swatch = made("span", { className: "cv-swatch" });
    swatch.style.background = `rgb(${PLAIN[scan.number % PLAIN.length].map((part) => part * 255).join(" ")})`;
    const name = made("span", { className: "cv-name", textContent: scan.title, dir: "auto" });
    return made("div", { className: "cv-row" }, made("label", {}, scan.check, swatch, name), scan.slider);
  }

  touched() {
    this.before = null;
    this.update();
  }

  update() {
    for (const { check, scans } of this.groups) {
      const on = scans.filter((scan) => scan.check.checked).length;
      check.checked = on > 0;
      check.indeterminate = on > 0 && on < scans.length;
    }
    this.changed();
  }

  isShown(scan) {
    return scan.check.checked;
  }

  opacity(scan) {
    return Number(scan.slider.value) / 100;
  }

  // Only the scans of one arch, until restore(): the others would stand in front of its biting surface.
  only(arch) {
    this.before ??= this.scans.map((scan) => scan.check.checked);
    this.scans.forEach((scan, k) => (scan.check.checked = this.before[k] && scan.arch === arch));
    if (!this.scans.some((scan) => scan.check.checked)) for (const scan of this.scans) scan.check.checked = scan.arch === arch;
    this.update();
  }

  restore() {
    if (!this.before) return;
    this.scans.forEach((scan, k) => (scan.check.checked = this.before[k]));
    this.before = null;
    this.update();
  }

  reset() {
    this.before = null;
    for (const scan of this.scans) {
      scan.check.checked = scan.shown;
      scan.slider.value = 100;
    }
    this.update();
  }

  show(scan) {
    if (scan.check.checked) return;
    scan.check.checked = true;
    this.touched();
  }
}
