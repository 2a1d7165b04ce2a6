// Makes the charts of a page interactive once they come into view: the picture from the server stays until the drawing stands.
// The drawing script (Vega) is the server's own file; specifications come from the API as they are.

async function draw(figure) {
  const canvas = figure.querySelector(".canvas");
  const isDark = getComputedStyle(document.documentElement).colorScheme === "dark"
    || (document.documentElement.dataset.theme !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
  try {
    const [answer] = await Promise.all([
      fetch(`${figure.dataset.chart}&theme=${isDark ? "dark" : "light"}`, { headers: { Accept: "application/json" } }),
      window.vegaEmbed ? null : import(figure.dataset.bundle),
    ]);
    if (!answer.ok) return;
    const spec = await answer.json();
    const stage = document.createElement("div");
    await window.vegaEmbed(stage, spec.spec ?? spec, {
      ast: true,
      defaultStyle: false,
      actions: false,
      tooltip: { disableDefaultStyle: true },
    });
    const picture = canvas.querySelector("img");
    if (picture) stage.setAttribute("aria-label", picture.alt);
    stage.setAttribute("role", "img");
    canvas.replaceChildren(stage);
  } catch {
    // The picture from the server stays: it shows the same figures.
  }
}

const watcher = new IntersectionObserver((entries) => {
  for (const entry of entries) {
    if (!entry.isIntersecting) continue;
    watcher.unobserve(entry.target);
    draw(entry.target);
  }
});
for (const figure of document.querySelectorAll("figure[data-chart]")) watcher.observe(figure);
