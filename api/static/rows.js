// Rows of a form that can be added and removed. The first row is the pattern: its names hold [0], and every row gets its own number.

function number(box) {
  const rows = Array.from(box.querySelectorAll("[data-row]"));
  rows.forEach((row, index) => {
    for (const part of row.querySelectorAll("*")) {
      for (const name of ["name", "data-field"]) {
        const value = part.getAttribute(name);
        if (value) part.setAttribute(name, value.replace(/\[\d+\]/, `[${index}]`));
      }
      for (const name of ["id", "for", "aria-describedby"]) {
        const value = part.getAttribute(name);
        if (value) part.setAttribute(name, value.replaceAll(/(^|\s)(\S*?)-\d+-/g, `$1$2-${index}-`));
      }
    }
    row.querySelector("[data-removes]").hidden = rows.length === 1;
  });
  box.querySelector("[data-adds]").disabled = rows.length >= Number(box.dataset.most);
}

for (const box of document.querySelectorAll("[data-rowbox]")) {
  for (const row of box.querySelectorAll("[data-row]")) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "quiet";
    button.dataset.removes = "";
    button.textContent = box.dataset.removes;
    row.append(button);
  }
  number(box);
  box.addEventListener("click", (event) => {
    const rows = box.querySelectorAll("[data-row]");
    if (event.target.closest("[data-adds]")) {
      const made = rows[rows.length - 1].cloneNode(true);
      for (const field of made.querySelectorAll("input, textarea")) field.value = field.type === "checkbox" ? "on" : "";
      for (const error of made.querySelectorAll(".error")) error.hidden = true;
      rows[rows.length - 1].after(made);
      number(box);
      made.querySelector("input, select")?.focus();
    } else if (event.target.closest("button[data-removes]") && rows.length > 1) {
      event.target.closest("[data-row]").remove();
      number(box);
    }
  });
}
