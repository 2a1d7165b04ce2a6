// Listens to what happens on the server (GET /v1/events) and tells the parts of the page that asked: data-live="order inbox".
// A part hears "tonne:event" with the event's content; with data-live-reload the page is loaded anew unless a form is being filled in.

const parts = Array.from(document.querySelectorAll("[data-live]"));
const kinds = new Set(parts.flatMap((part) => part.dataset.live.split(" ")).filter(Boolean));
const source = new EventSource("/v1/events");

function isBusy() {
  return document.querySelector("dialog[open], [aria-busy]") !== null || document.activeElement?.matches("input, textarea, select");
}

for (const kind of kinds) {
  source.addEventListener(kind, (event) => {
    let detail = {};
    try {
      detail = JSON.parse(event.data);
    } catch {
      detail = { text: event.data };
    }
    for (const part of parts) {
      if (!part.dataset.live.split(" ").includes(kind)) continue;
      part.dispatchEvent(new CustomEvent("tonne:event", { bubbles: true, detail: { kind, ...detail } }));
      if (part.dataset.liveReload !== undefined && !isBusy()) location.reload();
    }
  });
}
addEventListener("pagehide", () => source.close());
