// A row of an entry whose account is chosen gets that account's commodity: an account keeps one.

const form = document.getElementById("new-entry");

form?.addEventListener("change", (event) => {
  if (event.target.getAttribute("list") !== "entry-accounts") return;
  const chosen = Array.from(event.target.list?.options ?? []).find((each) => each.value === event.target.value.trim());
  const commodity = event.target.closest("[data-row]")?.querySelector("select[name$='.commodity']");
  if (chosen && commodity) commodity.value = chosen.dataset.commodity;
});
