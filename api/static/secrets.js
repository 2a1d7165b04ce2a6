// Shows what an answer holds once (a key, a token, a secret) in place, to be copied, instead of going on to the next page.
// data-shows-secret names the place of it in the answer: "secret" or "administrator.token".

const box = document.getElementById("secret");

function at(answer, place) {
  return place.split(".").reduce((found, step) => found?.[step], answer);
}

document.addEventListener("tonne:answer", (event) => {
  const place = event.target.dataset.showsSecret;
  const text = place && at(event.detail.answer, place);
  if (!text || !box) return;
  event.preventDefault();
  const shown = box.querySelector("output");
  shown.textContent = event.target.dataset.secretPrefix ? `${location.origin}${event.target.dataset.secretPrefix}${text}` : text;
  for (const button of event.target.matches("form") ? event.target.querySelectorAll("button") : [event.target]) button.disabled = false;
  if (event.target.matches("form")) event.target.reset();
  event.target.closest("dialog")?.close();
  box.showModal();
});

box?.addEventListener("click", async (event) => {
  if (!event.target.closest("[data-copies]")) return;
  const text = box.querySelector("output").textContent;
  try {
    await navigator.clipboard.writeText(text);
    box.querySelector("[data-copied]").hidden = false;
  } catch {
    getSelection().selectAllChildren(box.querySelector("output"));
  }
});
box?.addEventListener("close", () => location.reload());
