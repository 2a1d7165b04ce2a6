// Listens to what happens on the server (GET /v1/events) and tells the parts of the page that asked: data-live="notice".
// A part hears "tonne:event" with the event's content; with data-live-reload the page is loaded anew unless a form is being filled in.
// It listens while the page is looked at, a moment after it was drawn: a person may hold few streams, and a hidden page needs none.

const WAIT_MS = 2000;
const parts = Array.from(document.querySelectorAll("[data-live]"));
const kinds = new Set(parts.flatMap((part) => part.dataset.live.split(" ")).filter(Boolean));
let source = null;
let waiting = 0;

function isBusy() {
  return document.querySelector("dialog[open], [aria-busy]") !== null || document.activeElement?.matches("input, textarea, select");
}

function count(part) {
  const shown = part.querySelector("[data-count]");
  const unread = Number(shown.dataset.count) + 1;
  shown.dataset.count = String(unread);
  shown.textContent = unread < 100 ? String(unread) : "99+";
  shown.hidden = false;
}

function tell(kind, event) {
  let detail = {};
  try {
    detail = JSON.parse(event.data);
  } catch {
    detail = { text: event.data };
  }
  for (const part of parts) {
    if (!part.dataset.live.split(" ").includes(kind)) continue;
    part.dispatchEvent(new CustomEvent("tonne:event", { bubbles: true, detail: { ...detail, event: kind } }));
    if (part.dataset.badge !== undefined) count(part);
    if (part.dataset.liveReload !== undefined && !isBusy()) location.reload();
  }
}

function close() {
  clearTimeout(waiting);
  source?.close();
  source = null;
}

function listen() {
  close();
  if (document.hidden) return;
  waiting = setTimeout(() => {
    source = new EventSource("/v1/events");
    for (const kind of kinds) source.addEventListener(kind, (event) => tell(kind, event));
    source.addEventListener("end", close);
    source.addEventListener("error", () => source?.readyState === EventSource.CLOSED && close());
  }, WAIT_MS);
}

if (kinds.size) {
  document.addEventListener("visibilitychange", listen);
  addEventListener("pagehide", close);
  addEventListener("pageshow", listen);
  listen();
}
