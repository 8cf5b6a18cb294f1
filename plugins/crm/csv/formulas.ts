const formula = /^'*[=+\-@\t\r]/;
const neutralised = /^'+[=+\-@\t\r]/;

/**
 * Keeps a spreadsheet from running a cell as a formula: an apostrophe goes before what begins like one
 * (https://owasp.org/www-community/attacks/CSV_Injection). `restoreFormula` takes it away again.
 */
export function neutraliseFormula(text: string): string {
  return formula.test(text) ? `'${text}` : text;
}

/** The text before `neutraliseFormula`. */
export function restoreFormula(text: string): string {
  return neutralised.test(text) ? text.slice(1) : text;
}
