/** Pastes the lines of a log into mails, as authors and mailers do it. */

export interface Pasting {
  /** Quote marks before every trace line. */
  readonly quote: string;
  /** Columns after which the mailer breaks lines; 0: never. */
  readonly width: number;
  /** `blank`: the mailer leaves the blank where it breaks (format=flowed). */
  readonly flowed: boolean;
  readonly encoding: '7bit' | 'quoted-printable' | 'base64';
  readonly crlf: boolean;
  /** Every so many trace lines a line of prose; 0: none. */
  readonly proseEvery: number;
  readonly multipart: boolean;
  /** Without headers: as if the text alone had been saved. */
  readonly bodyOnly: boolean;
}

export const PLAIN: Pasting = {
  quote: '> ',
  width: 0,
  flowed: false,
  encoding: '7bit',
  crlf: false,
  proseEvery: 0,
  multipart: false,
  bodyOnly: false,
};

const PROSE = 'So this is where it goes wrong, as far as I can see [a].';

export function pasteInto(log: readonly string[], pasting: Pasting): Buffer {
  const { quote, proseEvery, encoding } = pasting;
  const trace = log.flatMap((line, index) => {
    const prose = proseEvery > 0 && index > 0 && index % proseEvery === 0 ? ['', PROSE, ''] : [];
    return [...prose, ...wrap(line, pasting).map((piece) => quote + piece)];
  });
  const body = ['On Tue, Nov 24, 2026 at 10:00:00AM +0100, Some One wrote:', ...trace, '', 'Thanks,', '', '-- ', 'Me'];
  const eol = pasting.crlf ? '\r\n' : '\n';
  if (pasting.bodyOnly) return Buffer.from(body.join(eol) + eol);
  const part = [
    `Content-Type: text/plain; charset="utf-8"${pasting.flowed ? '; format=flowed' : ''}`,
    `Content-Transfer-Encoding: ${encoding}`,
    '',
    ...encode(body, encoding, eol),
  ];
  const head = ['From: Some One <one@example.org>', 'Subject: Re: [PATCH] a final query', 'MIME-Version: 1.0'];
  const whole = pasting.multipart
    ? [...head, 'Content-Type: multipart/mixed; boundary="=_b1"', '', 'MIME', '--=_b1', ...part, '--=_b1--', '']
    : [...head, ...part];
  return Buffer.from(whole.join(eol) + eol);
}

/** Breaks at the last blank that fits, or where a word is longer than a line. */
export function wrap(line: string, { width, flowed, quote }: Pasting): readonly string[] {
  const columns = width - quote.length;
  if (width === 0 || line.length <= columns) return [line];
  const at = line.lastIndexOf(' ', columns);
  if (at <= 0) return [line];
  const rest = line.slice(at + 1);
  const first = line.slice(0, at) + (flowed ? ' ' : '');
  return rest === '' ? [first] : [first, ...wrap(rest, { ...PLAIN, width, flowed, quote })];
}

function encode(body: readonly string[], encoding: Pasting['encoding'], eol: string): readonly string[] {
  switch (encoding) {
    case '7bit':
      return body;
    case 'quoted-printable':
      return body.flatMap(quotedPrintable);
    case 'base64':
      return (
        Buffer.from(body.join(eol) + eol)
          .toString('base64')
          .match(/.{1,76}/g) ?? []
      );
  }
}

function quotedPrintable(line: string): readonly string[] {
  const escaped = line.replaceAll('=', '=3D').replace(/ $/, '=20');
  const pieces: string[] = [];
  for (let rest = escaped; rest !== ''; ) {
    // Never in the middle of an escape.
    const piece = rest.length <= 76 ? rest : rest.slice(0, 75).replace(/=[0-9A-F]?$/, '');
    rest = rest.slice(piece.length);
    pieces.push(rest === '' ? piece : `${piece}=`);
  }
  return pieces.length === 0 ? [''] : pieces;
}
