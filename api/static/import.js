// Follows a file that is worked on beside the request: asks the API how it stands and shows the page anew once that changes.

const part = document.querySelector("[data-import]");
const SOON = 1500;

async function ask() {
  try {
    const answer = await fetch(part.dataset.import, { headers: { Accept: "application/json" } });
    if (answer.ok) {
      const found = await answer.json();
      if (found.state !== part.dataset.state || found.work?.phase !== part.dataset.phase) {
        location.reload();
        return;
      }
    }
  } catch {
    // The server may be away for a moment: what it does goes on, and the next question finds it.
  }
  setTimeout(ask, SOON);
}
if (part) setTimeout(ask, SOON);
