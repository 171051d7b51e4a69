"use strict";
// Lets tables be sorted and filtered. All that it needs for that it adds itself, so without it nothing is dead.
(() => {
  const fewest_to_filter = 10;
  const collator = new Intl.Collator("en", {numeric: true});

  const key = (row, column) => {
    const cell = row.cells[column];
    return "sort" in cell.dataset ? Number(cell.dataset.sort) : cell.textContent;
  };
  const compare = (a, b) => (typeof a === "number" && typeof b === "number" ? a - b : collator.compare(a, b));
  const make = (element, properties) => Object.assign(document.createElement(element), properties);

  function sort(body, column, sign) {
    const rows = [...body.rows].map((row) => [key(row, column), row]);
    rows.sort((a, b) => sign * compare(a[0], b[0]));
    body.append(...rows.map((pair) => pair[1]));
  }

  function sortable(table, say) {
    const headings = [...table.tHead.rows[0].cells];
    headings.forEach((heading, column) => {
      const button = make("button", {type: "button"});
      button.append(...heading.childNodes);
      heading.append(button);
      heading.setAttribute("aria-sort", "none");
      button.addEventListener("click", () => {
        const order = heading.getAttribute("aria-sort") === "ascending" ? "descending" : "ascending";
        for (const each of headings) each.setAttribute("aria-sort", each === heading ? order : "none");
        sort(table.tBodies[0], column, order === "ascending" ? 1 : -1);
        say(`Sorted by ${button.textContent}, ${order}.`);
      });
    });
  }

  // All words that are typed must stand somewhere in a row.
  function filter(rows, typed) {
    const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
    for (const [row, text] of rows) row.hidden = !words.every((word) => text.includes(word));
    return rows.filter(([row]) => !row.hidden).length;
  }

  function filterable(table, status, say) {
    const rows = [...table.tBodies[0].rows].map((row) => [
      row, [...row.cells].map((cell) => cell.textContent).join("\n").toLowerCase()]);
    const caption = table.caption.textContent;
    const label = make("label", {className: "filter"});
    const input = make("input", {type: "search", autocomplete: "off", spellcheck: false});
    input.setAttribute("aria-label", `Filter: ${caption}`);
    label.append(make("span", {textContent: "Filter"}), input);
    input.addEventListener("input", () => say(`${filter(rows, input.value)} of ${rows.length} rows`));
    input.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !input.value) return;
      input.value = "";
      input.dispatchEvent(new Event("input"));
    });
    status.before(label);
    say(`${rows.length} rows`);
  }

  function tools(table) {
    const rows = table.tBodies[0].rows.length;
    if (rows < 2) return;
    const status = make("p", {className: "status"});
    status.setAttribute("role", "status");
    const bar = make("div", {className: "tools"});
    bar.append(status);
    table.closest(".scroll").before(bar);
    const say = (text) => { status.textContent = text; };
    sortable(table, say);
    if (rows >= fewest_to_filter) filterable(table, status, say);
  }

  // What shows all it has need not be stopped at on the way through the page.
  function stops() {
    for (const region of document.querySelectorAll(".scroll, pre"))
      region.tabIndex = region.scrollWidth > region.clientWidth ? 0 : -1;
  }

  document.querySelectorAll("table.sortable").forEach(tools);
  stops();
  addEventListener("resize", stops);
})();
