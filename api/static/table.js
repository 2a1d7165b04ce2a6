// Sorts and filters the rows a page already shows, and names the cells of rows with acts, which a phone shows one below the other. A cell's data-value, where it has one, decides its place; else its text.

const texts = document.getElementById("form-texts")?.dataset ?? {};

function worth(cell) {
  const text = (cell?.dataset.value ?? cell?.textContent ?? "").trim();
  const digits = text.replaceAll("−", "-").replace(/[,¥€%\s]/g, "").replace(/[A-Za-z].*$/, "");
  return digits !== "" && /^-?\d*\.?\d*$/.test(digits) ? { number: Number(digits), text } : { number: null, text };
}

function compare(a, b) {
  if (a.number !== null && b.number !== null) return a.number - b.number;
  if (a.number !== null || b.number !== null) return a.number === null ? 1 : -1;
  return a.text.localeCompare(b.text, document.documentElement.lang);
}

function sortable(table) {
  const heads = Array.from(table.tHead.rows[0].cells);
  heads.forEach((head, index) => {
    if (head.classList.contains("action") || !head.textContent.trim()) return;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "sort";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const isAscending = head.getAttribute("aria-sort") !== "ascending";
      for (const other of heads) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", isAscending ? "ascending" : "descending");
      const body = table.tBodies[0];
      const rows = Array.from(body.rows).map((row) => ({ row, key: worth(row.cells[index]) }));
      rows.sort((a, b) => (isAscending ? 1 : -1) * compare(a.key, b.key));
      body.append(...rows.map((each) => each.row));
    });
  });
}

function filterable(box, table) {
  const tools = document.createElement("div");
  const input = document.createElement("input");
  const count = document.createElement("span");
  tools.className = "table-tools";
  input.type = "search";
  input.placeholder = box.dataset.filters;
  input.setAttribute("aria-label", box.dataset.filters);
  count.setAttribute("role", "status");
  tools.append(input, count);
  box.prepend(tools);
  input.addEventListener("input", () => {
    const wanted = input.value.trim().toLowerCase();
    let shown = 0;
    for (const row of table.tBodies[0].rows) {
      row.hidden = wanted !== "" && !row.textContent.toLowerCase().includes(wanted);
      shown += row.hidden ? 0 : 1;
    }
    count.textContent = wanted ? `${shown} ${texts.rows}` : "";
  });
}

// Every table is a workbook too: the page's own address with the table's number gives it, with the exact digits.
function downloadable(table, number) {
  const isOffered = table.closest("section, .panel")?.querySelector("a[href*='xlsx']");
  const named = table.caption?.textContent.trim() || table.closest("[aria-label]")?.getAttribute("aria-label") || "";
  if (isOffered || table.closest("dialog, form") || !table.tHead || !table.tBodies[0]?.rows.length) return;
  const address = new URL(location.href);
  address.searchParams.set("sheet", number);
  const link = document.createElement("a");
  link.className = "sheet";
  link.href = `${address.pathname}${address.search}`;
  link.download = "";
  link.textContent = "XLSX";
  link.setAttribute("aria-label", named ? `XLSX: ${named}` : "XLSX");
  if (table.caption && !table.caption.classList.contains("unseen")) table.caption.append(" ", link);
  else table.before(link);
}

// Where a row can be acted on, its acts must be seen without scrolling sideways: the design stacks such rows on a phone.
function stackable(table) {
  const heads = Array.from(table.tHead.rows[table.tHead.rows.length - 1].cells).map((head) => head.textContent.trim());
  for (const row of table.tBodies[0].rows) {
    if (row.cells.length !== heads.length) continue;
    Array.from(row.cells).forEach((cell, index) => {
      cell.classList.toggle("blank", !cell.textContent.trim() && !cell.querySelector("input, img, svg"));
      if (!cell.classList.contains("action") && cell.scope !== "row") cell.dataset.label = heads[index];
    });
  }
  table.classList.add("acts");
}

Array.from(document.querySelectorAll("table")).forEach((table, index) => downloadable(table, index + 1));

for (const table of document.querySelectorAll(".table-box table")) {
  if (table.tHead && table.tBodies[0]?.querySelector("td.action, td button:not(.why)")) stackable(table);
}

for (const box of document.querySelectorAll("[data-sorts], [data-filters]")) {
  const table = box.querySelector("table");
  if (!table?.tHead || !table.tBodies.length) continue;
  if (box.dataset.sorts !== undefined) sortable(table);
  if (box.dataset.filters !== undefined) filterable(box, table);
}
