// The settings of alerts: the ticks of the table become the request's list of kinds with their channels.

const form = document.getElementById("notice-settings");
const rows = Array.from(form?.querySelectorAll("[data-kind]") ?? []);

function note() {
  const kinds = rows.map((row) => ({
    kind: row.dataset.kind,
    channels: Array.from(row.querySelectorAll("[data-channel]:checked"), (box) => box.dataset.channel),
  }));
  form.dataset.fixed = JSON.stringify({ kinds });
}

if (form) {
  note();
  form.addEventListener("change", note);
}
