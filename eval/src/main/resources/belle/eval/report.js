'use strict';

const PAGE = 50;
const data = JSON.parse(document.getElementById('data').textContent);
const letters = data.models.map((_, i) => i < 26 ? String.fromCharCode(65 + i) : `M${i + 1}`);
const at = id => document.getElementById(id);
let found = [];
let shown = 0;

/** Makes an element; text goes in as text, never as HTML. */
function make(name, className, text) {
  const element = document.createElement(name);
  if (className) element.className = className;
  if (text !== undefined) element.textContent = text;
  return element;
}

function options(select, entries) {
  for (const [value, text] of entries) select.append(new Option(text, value));
}

function format(score) {
  return score === null || score === undefined ? 'none' : score.toFixed(1);
}

function mean(model, field) {
  const scores = data.items.map(item => item.answers[model][field]).filter(score => score !== null);
  return scores.length ? scores.reduce((a, b) => a + b) / scores.length : null;
}

function head() {
  document.body.style.setProperty('--models', data.models.length);
  at('set').textContent = data.set;
  document.title = `Answers to ${data.set}`;
  const titles = make('tr');
  titles.append(make('th'), make('th', '', 'answers'), ...data.measures.map(m => make('th', '', `${m.title}, mean`)));
  at('models').append(titles);
  data.models.forEach((name, i) => {
    const row = make('tr');
    const letter = make('td');
    letter.append(make('span', 'letter', letters[i]));
    row.append(letter, make('td', '', name), ...data.measures.map(m => make('td', '', format(mean(i, m.field)))));
    at('models').append(row);
  });
  options(at('class'), [['', 'all'], ...data.classes.map(c => [c.name, c.chinese === c.name ? c.name : `${c.chinese} ${c.name}`])]);
  options(at('measure'), data.measures.map(m => [m.field, m.title]));
  for (const id of ['a', 'b']) options(at(id), letters.map((letter, i) => [i, letter]));
  at('b').value = data.models.length > 1 ? 1 : 0;
  at('pair').hidden = data.models.length < 2;
  at('sort').querySelector('[value=difference]').hidden = data.models.length < 2;
}

function difference(item) {
  const field = at('measure').value;
  const a = item.answers[at('a').value][field];
  const b = item.answers[at('b').value][field];
  return a === null || b === null ? null : a - b;
}

function matches(item, words) {
  if (at('class').value && item.class !== at('class').value) return false;
  const texts = [item.question, item.reference, ...item.answers.map(answer => answer.text)];
  if (words && !texts.some(text => text.toLowerCase().includes(words))) return false;
  const by = difference(item);
  switch (at('relation').value) {
    case 'better': return by !== null && by > 0;
    case 'equal': return by === 0;
    default: return true;
  }
}

function sort(items) {
  const field = at('measure').value;
  const score = item => item.answers[at('a').value][field];
  const last = (value, sign) => value === null ? Infinity : sign * value;
  const keys = {
    number: item => item.number,
    difference: item => last(difference(item), -1),
    low: item => last(score(item), 1),
    high: item => last(score(item), -1),
  };
  const key = keys[at('sort').value];
  return items.map(item => [key(item), item]).sort(([a, x], [b, y]) => (a === b ? x.number - y.number : a - b)).map(([, item]) => item);
}

function answerBox(answer, i, best) {
  const box = make('section', best ? 'answer best' : 'answer');
  const title = make('h3');
  title.append(make('span', 'letter', letters[i]));
  for (const measure of data.measures) {
    const chosen = measure.field === at('measure').value ? ' shown' : '';
    title.append(make('span', `score${chosen}`, `${measure.title} ${format(answer[measure.field])}`));
  }
  box.append(title);
  if (answer.text.trim()) box.append(make('p', 'text', answer.text));
  else box.append(make('p', 'text none', answer.failure ? `no answer: ${answer.failure}` : 'an empty answer'));
  if (answer.said) {
    const said = make('details');
    said.append(make('summary', '', 'What the judge said'), make('p', 'text', answer.said));
    box.append(said);
  }
  return box;
}

function article(item) {
  const whole = make('article');
  const about = make('div', 'about');
  const known = data.classes.find(c => c.name === item.class);
  about.append(make('small', '', `${item.number} · ${known.chinese}`), make('p', 'text question', item.question));
  if (item.reference.trim()) {
    const reference = make('details');
    reference.append(make('summary', '', 'Reference'), make('p', 'text', item.reference));
    about.append(reference);
  }
  const field = at('measure').value;
  const scores = item.answers.map(answer => answer[field]);
  const most = Math.max(...scores.filter(score => score !== null));
  const differ = scores.some(score => score !== null && score < most);
  const answers = make('div', 'answers');
  answers.append(...item.answers.map((answer, i) => answerBox(answer, i, differ && scores[i] === most)));
  whole.append(about, answers);
  return whole;
}

function more() {
  const next = found.slice(shown, shown + PAGE);
  at('items').append(...next.map(article));
  shown += next.length;
  at('more').hidden = shown >= found.length;
}

function update() {
  const words = at('text').value.trim().toLowerCase();
  found = sort(data.items.filter(item => matches(item, words)));
  shown = 0;
  at('items').replaceChildren();
  at('count').textContent = `${found.length} of ${data.items.length} questions`;
  more();
}

head();
at('filters').addEventListener('input', update);
at('filters').addEventListener('submit', event => event.preventDefault());
at('more').addEventListener('click', more);
update();
