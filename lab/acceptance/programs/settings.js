// Runs in each page before the page's own programs, and gives the client settings that no link can give it any more:
// SETTINGS, by their path, is set before it. It stands where a fault in the page's own script would stand.
(() => {
  let config;
  Object.defineProperty(window, "config", {
    configurable: true,
    get: () => config,
    set(value) {
      config = value;
      for (const [path, setting] of Object.entries(window.SETTINGS)) {
        const names = path.split(".");
        const last = names.pop();
        let inner = config;
        for (const name of names) {
          if (typeof inner[name] !== "object" || inner[name] === null) inner[name] = {};
          inner = inner[name];
        }
        inner[last] = setting;
      }
    },
  });
})();
