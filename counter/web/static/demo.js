/* The demo page: copy buttons, and links that change the page without a reload. */
(function () {
  "use strict";
  const said = document.getElementById("said");

  async function copy(button) {
    const text = document.getElementById(button.dataset.copy).textContent;
    try {
      await navigator.clipboard.writeText(text);
      said.textContent = "Copied to the clipboard.";
      button.textContent = "Copied";
    } catch (error) { // no permission, or not a secure origin: select it, so that one key copies it
      getSelection().selectAllChildren(document.getElementById(button.dataset.copy));
      said.textContent = "Selected; press Ctrl+C to copy.";
      button.textContent = "Selected";
    }
    setTimeout(() => { button.textContent = "Copy"; }, 2000);
  }

  const links = Array.from(document.querySelectorAll("a[data-page]"));
  function mark() {
    for (const link of links) {
      if (link.pathname === location.pathname) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest("button[data-copy]");
    if (button) copy(button);
    const link = event.target.closest("a[data-page]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    document.title = "Visitor counter: " + link.textContent.toLowerCase();
    history.pushState(null, "", link.href);
    mark();
  });
  window.addEventListener("popstate", mark);
  mark();
})();
