import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { errorsDocumentPath } from '../errors/errors-document.ts';

/** The error table as a page on which each code stands under the name that the `type` of a problem points at. */
export async function errorsPage(): Promise<string> {
  const document = await readFile(join(import.meta.dirname, '..', '..', '..', errorsDocumentPath), 'utf8');
  const blocks = document.trim().split('\n\n').map(htmlOf);
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>Orchestrall errors</title>
    <link rel="icon" href="data:," />
  </head>
  <body>
${blocks.join('\n')}
  </body>
</html>
`;
}

/** Of the few forms of Markdown that the document has. */
function htmlOf(block: string): string {
  const [, marks, title] = /^(#+) (.*)$/.exec(block) ?? [];
  if (marks === undefined || title === undefined) return `<p>${inline(block)}</p>`;
  const level = `h${marks.length}`;
  const id = marks.length === 3 ? ` id="${title.toLowerCase()}"` : '';
  return `<${level}${id}>${inline(title)}</${level}>`;
}

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };

function inline(text: string): string {
  return text
    .replaceAll(/[&<>]/g, (sign) => entities[sign] ?? sign)
    .replaceAll(/`([^`]*)`/g, '<code>$1</code>');
}
