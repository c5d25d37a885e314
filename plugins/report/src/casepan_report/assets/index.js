"use strict";
(() => {
  const form = document.getElementById("filters");
  const cases = [...document.querySelectorAll(".case")];
  const count = document.getElementById("count");
  const value = (name) => form.elements[name].value.trim();
  const filter = () => {
    const words = value("words").toLocaleLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const element of cases) {
      const told = element.dataset;
      const fits =
        ["verdict", "scanner", "practice"].every((name) => !value(name) || told[name] === value(name)) &&
        (!value("from") || told.received >= value("from")) &&
        (!value("to") || (told.received && told.received <= value("to"))) &&
        words.every((word) => told.words.includes(word));
      element.hidden = !fits;
      shown += fits;
    }
    count.textContent = `${shown} of ${cases.length} cases`;
  };
  form.hidden = cases.length < 2;
  form.addEventListener("input", filter);
  form.addEventListener("submit", (event) => event.preventDefault());
})();
