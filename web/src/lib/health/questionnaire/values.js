// What stands in the fields of a section, made of its answers and made into answers again.

export const NUMBER = /^\d+([.,]\d+)?$/;
const DATE = /^\d{4}(-\d\d(-\d\d)?)?$/;

const rawOf = (question, value) => {
  if (question.kind === "list") return (value ?? []).map((row) => rowOf(question, row));
  if (question.kind === "yes_no") return value ?? null;
  return value === undefined || value === null ? "" : String(value);
};

const rowOf = (question, row = {}) =>
  Object.fromEntries(question.columns.map((column) => [column.id, rawOf(column, row[column.id])]));

export const emptyRow = (question) => rowOf(question);

/** What the fields show: `text` for a section in plain words (null: in fields), `values` by question. */
export function rawSection(section, answer) {
  const given = answer && typeof answer === "object" ? answer : {};
  const values = Object.fromEntries(section.questions.map((question) => [question.id, rawOf(question, given[question.id])]));
  return { text: typeof answer === "string" ? answer : null, values };
}

/** Whether a question is asked, after what was answered before it. */
export function isAsked(section, question, values) {
  if (!question.when) return true;
  const before = section.questions.find((other) => other.id === question.when.question);
  return question.when.answers.includes(values[before.id]) && isAsked(section, before, values);
}

const READ = {
  text: (question, raw) => raw.trim() || undefined,
  choice: (question, raw) => raw || undefined,
  yes_no: (question, raw) => raw ?? undefined,
  number(question, raw, field, errors) {
    const text = raw.trim();
    if (!text) return undefined;
    const value = Number(text.replace(",", "."));
    if (!NUMBER.test(text)) errors[field] = "Type a number, such as 7 or 7.5.";
    else if (value < question.low || value > question.high) errors[field] = `This lies between ${question.low} and ${question.high}.`;
    else if (question.whole && !Number.isInteger(value)) errors[field] = "Type a whole number.";
    return value;
  },
  date(question, raw, field, errors) {
    const text = raw.trim();
    if (text && !DATE.test(text)) errors[field] = "Type a year, a month or a day: 2019, 2019-05 or 2019-05-31.";
    return text || undefined;
  },
  list(question, raw, field, errors) {
    const rows = raw.map((row, place) => readAll(question.columns, row, `${field}.${place}`, errors));
    rows.forEach((row, place) => {
      for (const column of question.columns) {
        if (column.required && !(column.id in row) && Object.keys(row).length) errors[`${field}.${place}.${column.id}`] = "Fill this in, or empty the rest of the row.";
      }
    });
    return rows.some((row) => Object.keys(row).length) ? rows : undefined;
  },
};

function readAll(questions, raw, place, errors) {
  const found = {};
  for (const question of questions) {
    const value = READ[question.kind](question, raw[question.id], `${place}.${question.id}`, errors);
    if (value !== undefined) found[question.id] = value;
  }
  return found;
}

/** The section's answers as the API takes them (null: none), and what is wrong by field. */
export function answersOf(section, raw) {
  if (raw.text !== null) return { answers: raw.text.trim() || null, errors: {} };
  const errors = {};
  const asked = section.questions.filter((question) => isAsked(section, question, raw.values));
  const found = readAll(asked, raw.values, section.id, errors);
  return { answers: Object.keys(found).length ? found : null, errors };
}

/** One answer in words. */
export function inWords(question, value) {
  if (question.kind === "yes_no") return value ? "Yes" : "No";
  if (question.kind === "choice") return question.options.find((option) => option.value === value)?.label ?? value;
  return question.unit ? `${value} ${question.unit}` : String(value);
}
