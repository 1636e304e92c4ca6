/**
 * The shell of every page: one file that needs nothing else, neither network
 * nor script, and that a hostile text could not make load or run anything, for
 * the policy in its head allows its own style and its own script alone.
 */
import { html, type Markup, trusted } from './markup.ts';
import { styleSheet } from './styles.ts';

/** Script that adds comfort and nothing that a reader needs. */
export interface InlineScript {
  readonly code: string;
  /** SHA-256 of the code in base64: the policy admits no other script. */
  readonly sha256: string;
}

export interface DocumentParts {
  /** Of the window and of a bookmark: short. */
  readonly title: string;
  /** What stands in `<main>`: begins with the one `<h1>`. */
  readonly body: Markup;
  readonly footer?: Markup;
  /** CSS of this kind of page, beside the shared one. */
  readonly css?: string;
  /** What a program can read of the page: names and contents of `<meta>` elements. */
  readonly meta?: Readonly<Record<string, string>>;
  readonly script?: InlineScript;
}

/** The whole page, its last line ended. */
export function document({ title, body, footer, css, meta = {}, script }: DocumentParts): string {
  const scripts = script === undefined ? '' : `; script-src 'sha256-${script.sha256}'`;
  const policy = `default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'${scripts}`;
  const metas = Object.entries(meta).map(([name, content]) => html`<meta name="${name}" content="${content}">\n`);
  return html`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${trusted(policy)}">
${metas}<title>${title}</title>
<link rel="icon" href="data:,">
<style>${trusted(styleSheet(css))}</style>
</head>
<body>
<a class="skip" href="#main">Skip to the content</a>
<main id="main" tabindex="-1">
${body}
</main>
${footer === undefined ? undefined : html`<footer>\n${footer}\n</footer>\n`}${
  script === undefined ? undefined : trusted(`<script>${script.code}</script>\n`)
}</body>
</html>
`.text;
}
