// The install page, waiting: shows the first hit as soon as it arrives. Without this script a link looks again.
"use strict";

const box = document.querySelector("[data-first-hit]");

/** Shows the hit in the place of the waiting; texts of visitors are only ever set as text. */
function show(hit) {
  box.querySelector("[data-path]").textContent = hit.path;
  if (hit.country_name) box.querySelector("[data-country]").textContent = hit.country_name;
  box.querySelector("[data-waiting]").hidden = true;
  box.querySelector("[data-arrived]").hidden = false;
}

if (box) {
  const events = new EventSource(box.dataset.events);
  events.addEventListener("hit", (event) => {
    events.close();
    show(JSON.parse(event.data));
  });
}
