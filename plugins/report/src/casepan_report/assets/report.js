"use strict";
(() => {
  const unfold = (element) => {
    for (let parent = element; parent; parent = parent.parentElement) if (parent.tagName === "DETAILS") parent.open = true;
  };
  const arrive = () => {
    const target = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target) return;
    unfold(target);
    if (target.classList.contains("finding")) target.focus({ preventScroll: true });
    target.scrollIntoView({ block: "nearest" });
  };
  addEventListener("hashchange", arrive);
  arrive();

  // A finding and its pins light up together.
  const light = (number, on) => {
    for (const pin of document.querySelectorAll(`a.pin[href="#finding-${number}"]`)) pin.classList.toggle("lit", on);
    document.getElementById(`finding-${number}`)?.classList.toggle("lit", on);
  };
  for (const finding of document.querySelectorAll(".finding")) {
    const number = finding.id.slice("finding-".length);
    finding.addEventListener("mouseenter", () => light(number, true));
    finding.addEventListener("mouseleave", () => light(number, false));
  }
  for (const pin of document.querySelectorAll("a.pin")) {
    const number = pin.hash.slice("#finding-".length);
    pin.addEventListener("mouseenter", () => light(number, true));
    pin.addEventListener("mouseleave", () => light(number, false));
  }

  // Every picture can fill the width of the page.
  for (const shot of document.querySelectorAll("figure .shot")) {
    const figure = shot.parentElement;
    const title = figure.querySelector("figcaption")?.firstElementChild?.textContent ?? "";
    const button = document.createElement("button");
    button.type = "button";
    button.className = "enlarge";
    button.textContent = "⤢";
    button.setAttribute("aria-pressed", "false");
    button.setAttribute("aria-label", `Enlarge: ${title}`);
    button.addEventListener("click", () => {
      button.setAttribute("aria-pressed", String(figure.classList.toggle("large")));
      figure.scrollIntoView({ block: "nearest" });
    });
    shot.append(button);
  }

  // Paper has nothing to click: long notes of people unfold for it, and fold again.
  let opened = [];
  addEventListener("beforeprint", () => {
    opened = [...document.querySelectorAll("details:not([open])")].filter((folded) => folded.querySelector(":scope > .note"));
    for (const folded of opened) folded.open = true;
  });
  addEventListener("afterprint", () => {
    for (const folded of opened) folded.open = false;
  });
})();
