// Counts the banner's time down, says when it is over, and sends a form only once.
// Without it everything works: the server judges the time, and the button is a form.
(() => {
  "use strict";
  const MINUTE = 60;

  const clock = (seconds) => {
    const two = (number) => String(number).padStart(2, "0");
    const minutes = Math.floor(seconds / MINUTE);
    const shown = `${two(minutes % 60)}:${two(seconds % MINUTE)}`;
    return minutes < 60 ? shown : `${Math.floor(minutes / 60)}:${shown}`;
  };

  // Two clocks, of which the faster counts: one of them stops while a laptop sleeps,
  // the other may be set. Neither is compared with the server's.
  const stopwatch = () => {
    const wall = Date.now();
    const steady = performance.now();
    return () => Math.max(Date.now() - wall, performance.now() - steady) / 1000;
  };

  const countDown = (banner) => {
    const total = Number(banner.dataset.seconds);
    const left = banner.querySelector("[data-kc-left]");
    const said = banner.querySelector("[data-kc-said]");
    const passed = stopwatch();
    let timer = 0;

    const say = (text) => {
      if (said.textContent !== text) said.textContent = text;
    };
    const tick = () => {
      const seconds = Math.max(0, Math.ceil(total - passed()));
      left.textContent = clock(seconds);
      left.setAttribute("datetime", `PT${seconds}S`);
      if (seconds === 0) {
        clearInterval(timer);
        banner.classList.add("kc-impersonation--over");
        banner.querySelector("[data-kc-over]").hidden = false;
        say(banner.dataset.over);
      } else if (seconds <= MINUTE) {
        banner.classList.add("kc-impersonation--ending");
        say(banner.dataset.lastMinute);
      }
    };
    timer = setInterval(tick, 1000);
    document.addEventListener("visibilitychange", tick);
    tick();
  };

  const sendOnce = (form) => {
    form.addEventListener("submit", (event) => {
      if (form.dataset.kcSent) event.preventDefault();
      form.dataset.kcSent = "yes";
    });
  };

  const start = () => {
    for (const banner of document.querySelectorAll("[data-kc-impersonation]")) {
      if (banner.dataset.kcCounts) continue;
      banner.dataset.kcCounts = "yes";
      countDown(banner);
    }
    for (const form of document.querySelectorAll("form[data-kc-once]")) {
      if (form.dataset.kcGuarded) continue;
      form.dataset.kcGuarded = "yes";
      sendOnce(form);
    }
  };

  if (document.readyState === "loading") {
    document.addEventListener("DOMContentLoaded", start);
  } else {
    start();
  }
  // A page that the browser kept as it was shows a grant that may be over.
  addEventListener("pageshow", (event) => {
    if (event.persisted) location.reload();
  });
})();
