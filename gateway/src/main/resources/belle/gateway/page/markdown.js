// A small part of Markdown, built from text nodes alone: nothing that a model writes can become markup or code.

/** Splits a text into blocks; the last one may be unfinished while the text is still coming. */
function blocks(text) {
  const found = [];
  const lines = text.split("\n");
  let at = 0;
  const take = (kind, fits) => {
    const from = at;
    while (at < lines.length && fits(lines[at], at > from)) at++;
    found.push({ kind, lines: lines.slice(from, at) });
  };
  while (at < lines.length) {
    const line = lines[at];
    const fence = line.match(/^\s{0,3}(```+|~~~+)\s*(\S*)/);
    if (fence) {
      const from = ++at;
      while (at < lines.length && !lines[at].trim().startsWith(fence[1])) at++;
      found.push({ kind: "code", language: fence[2], lines: lines.slice(from, at) });
      at++;
    } else if (!line.trim()) at++;
    else if (/^#{1,6}\s/.test(line)) found.push({ kind: "heading", lines: [lines[at++]] });
    else if (/^\s*([-*_])(\s*\1){2,}\s*$/.test(line)) { found.push({ kind: "rule", lines: [] }); at++; }
    else if (/^\s*>/.test(line)) take("quote", (l) => /^\s*>/.test(l));
    else if (BULLET.test(line)) take("bullets", (l, later) => BULLET.test(l) || (later && /^\s{2,}\S/.test(l)));
    else if (NUMBER.test(line)) take("numbers", (l, later) => NUMBER.test(l) || (later && /^\s{2,}\S/.test(l)));
    else if (isTable(lines, at)) take("table", (l) => l.includes("|"));
    else take("paragraph", (l, later) => l.trim() && !(later && /^(\s{0,3}(```|~~~)|#{1,6}\s|\s*>)/.test(l)) && !(later && (BULLET.test(l) || NUMBER.test(l))));
  }
  return found;
}

const BULLET = /^\s*[-*+]\s+/;
const NUMBER = /^\s*\d{1,4}[.)]\s+/;
const isTable = (lines, at) => lines[at].includes("|") && /^\s*\|?\s*:?-{2,}.*\|/.test(lines[at + 1] ?? "");

const INLINE = /(`+)([^`]+?)\1(?!`)|\*\*(?=\S)([^*]+?)\*\*|\*(?=\S)([^*\n]+?)\*|\[([^\]\n]+)\]\((https?:\/\/[^\s)]+)\)/g;

function inline(parent, text) {
  let last = 0;
  for (const match of text.matchAll(INLINE)) {
    parent.append(text.slice(last, match.index));
    const [, , code, bold, italic, label, address] = match;
    if (code !== undefined) parent.append(element("code", code));
    else if (bold !== undefined) inline(parent.appendChild(element("strong")), bold);
    else if (italic !== undefined) inline(parent.appendChild(element("em")), italic);
    else {
      const link = element("a", label);
      link.href = address; // http and https alone: the pattern lets nothing else through
      link.rel = "noopener noreferrer nofollow";
      link.target = "_blank";
      parent.append(link);
    }
    last = match.index + match[0].length;
  }
  parent.append(text.slice(last));
  return parent;
}

function element(name, text = "") {
  const node = document.createElement(name);
  node.textContent = text;
  return node;
}

function list(name, lines, marker) {
  const node = element(name);
  if (name === "ol") node.start = parseInt(lines[0].trim(), 10);
  for (const line of lines) {
    if (marker.test(line)) inline(node.appendChild(element("li")), line.replace(marker, ""));
    else inline(node.lastElementChild ?? node, " " + line.trim());
  }
  return node;
}

function table(lines) {
  const cells = (line) => line.trim().replace(/^\||\|$/g, "").split("|").map((cell) => cell.trim());
  const node = element("table");
  lines.forEach((line, row) => {
    if (row === 1) return;
    const tr = node.appendChild(element("tr"));
    for (const cell of cells(line)) inline(tr.appendChild(element(row === 0 ? "th" : "td")), cell);
  });
  return node;
}

function codeBlock(block, copyButton) {
  const node = element("div");
  node.className = "block";
  const header = node.appendChild(element("header"));
  header.append(element("span", block.language));
  header.append(copyButton(() => block.lines.join("\n")));
  node.appendChild(element("pre")).append(element("code", block.lines.join("\n")));
  return node;
}

function paragraph(lines) {
  const node = element("p");
  lines.forEach((line, index) => {
    if (index > 0) node.append(element("br"));
    inline(node, line);
  });
  return node;
}

function render(block, copyButton) {
  switch (block.kind) {
    case "code": return codeBlock(block, copyButton);
    case "heading": return inline(element(/^#{1,2}\s/.test(block.lines[0]) ? "h3" : "h4"), block.lines[0].replace(/^#+\s+/, ""));
    case "rule": return element("hr");
    case "bullets": return list("ul", block.lines, BULLET);
    case "numbers": return list("ol", block.lines, NUMBER);
    case "table": return table(block.lines);
    case "quote": {
      const node = element("blockquote");
      node.append(paragraph(block.lines.map((line) => line.replace(/^\s*>\s?/, ""))));
      return node;
    }
    default: return paragraph(block.lines);
  }
}

/** Keeps a node equal to a growing text, rebuilding only the blocks that changed. */
export class Writing {
  #node;
  #copyButton;
  #keys = [];

  constructor(node, copyButton) {
    this.#node = node;
    this.#copyButton = copyButton;
  }

  show(text) {
    const now = blocks(text);
    const keys = now.map((block) => JSON.stringify(block));
    let same = 0;
    while (same < keys.length && keys[same] === this.#keys[same]) same++;
    while (this.#node.children.length > same) this.#node.lastElementChild.remove();
    for (const block of now.slice(same)) this.#node.append(render(block, this.#copyButton));
    this.#keys = keys;
  }
}
