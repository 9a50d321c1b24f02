"use strict";
(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const pressed = (button) => button.getAttribute("aria-pressed") === "true";
  const press = (button, on) => button.setAttribute("aria-pressed", String(on));

  for (const tools of all(".tools")) tools.hidden = false;

  // Pictures: blurred until asked for, one by one or all at once.
  const shots = all(".shot");
  const everything = all(".reveal-all");
  const sayAll = () => {
    const on = shots.length > 0 && shots.every(pressed);
    for (const button of everything) {
      press(button, on);
      button.textContent = on ? "Blur all pictures" : "Show all pictures";
    }
  };
  const show = (shot, on) => {
    press(shot, on);
    shot.querySelector(".veil-word").textContent = on ? "Blur" : "Show";
  };
  for (const shot of shots) {
    shot.addEventListener("click", () => { show(shot, !pressed(shot)); sayAll(); });
  }
  for (const button of everything) {
    button.addEventListener("click", () => {
      const on = !pressed(button);
      for (const shot of shots) show(shot, on);
      sayAll();
    });
  }

  // Findings: by strength and by kind.
  const findings = all(".finding");
  const filters = all(".filter");
  const status = document.querySelector(".shown-count");
  const apply = () => {
    const off = (name) => new Set(filters.filter((f) => f.dataset[name] && !pressed(f)).map((f) => f.dataset[name]));
    const strengths = off("strength"), kinds = off("kind");
    let visible = 0;
    for (const finding of findings) {
      finding.hidden = strengths.has(finding.dataset.strength) || kinds.has(finding.dataset.kind);
      if (!finding.hidden) visible += 1;
    }
    status.textContent = visible === findings.length ? "" : `${visible} of ${findings.length} shown`;
  };
  for (const filter of filters) {
    filter.addEventListener("click", () => { press(filter, !pressed(filter)); apply(); });
  }

  // A link to a finding that a filter hides brings it back.
  const reach = () => {
    const target = location.hash && document.getElementById(location.hash.slice(1));
    if (target && target.hidden) {
      target.hidden = false;
      target.scrollIntoView();
    }
  };
  window.addEventListener("hashchange", reach);

  // Texts: copied as they are shown, invisible characters written out.
  for (const button of all(".copy")) {
    button.hidden = false;
    button.addEventListener("click", async () => {
      const quote = button.closest(".row").querySelector("blockquote");
      const range = document.createRange();
      range.selectNodeContents(quote);
      const selection = getSelection();
      selection.removeAllRanges();
      selection.addRange(range);
      let done = false;
      try {
        await navigator.clipboard.writeText(quote.textContent);
        done = true;
      } catch {
        done = document.execCommand("copy");
      }
      button.textContent = done ? "Copied" : "Selected";
      setTimeout(() => { button.textContent = "Copy the text"; }, 1600);
    });
  }
})();
