// Runs before everything else on the page of a meeting, and leaves in its address only what our own links have: the
// client takes settings from there, and a link that somebody crafted would change what it does.
(() => {
  const isToken = (part) => /^jwt=[\w.%"-]+$/.test(part);
  // The client's own, when it loads its page again after a loss: who was muted stays muted. A link never opens a page by
  // a reload.
  const isMuted = (part) => /^config\.startWith(Audio|Video)Muted=(true|false)$/.test(part);
  const isReload = performance.getEntriesByType("navigation")[0]?.type === "reload";
  // How often the page was loaded in vain: its own count.
  const search = /^\?rCounter=\d{1,2}$/.test(location.search) ? location.search : "";

  /** @returns whether a token is left */
  function clean(keepsMuted) {
    const parts = location.hash.slice(1).split("&");
    const token = parts.filter(isToken).slice(0, 1);
    const kept = [...token, ...(keepsMuted ? parts.filter(isMuted) : [])];
    const hash = kept.length > 0 ? `#${kept.join("&")}` : "";
    if (hash !== location.hash || search !== location.search)
      history.replaceState(history.state, "", location.pathname + search + hash);
    return token.length > 0;
  }

  clean(isReload);
  // Another link to the same meeting, opened in its tab, changes nothing but this.
  window.addEventListener("hashchange", () => {
    if (clean(true)) location.reload();
  });
})();
