/** Mails, an mbox, a page or a plain diff, as the series of patches that they hold. */
import { readMail } from './mail/read-mail.ts';
import { readMessage } from './mail/read-message.ts';
import { splitInput } from './mail/split-input.ts';
import type { Patch, ReviewComment, Series } from './series.ts';

/** Reads bytes, or text, as one input; any bytes give a series, perhaps an empty one. */
export async function readSeries(input: Uint8Array | string): Promise<Series> {
  const bytes = typeof input === 'string' ? Buffer.from(input, 'utf8') : input;
  const messages = await Promise.all(splitInput(bytes).map(readMessage));
  const readings = messages.map(readMail);
  const patches: Patch[] = [];
  const comments: ReviewComment[] = [];
  for (const reading of readings) {
    const patch = reading.files.length > 0 ? patches.length : undefined;
    if (patch !== undefined) {
      const { headers } = reading.message;
      const from = reading.depth > 0 ? (reading.patchAuthor.author ?? '') : headers.from;
      patches.push({
        headers: { ...headers, from },
        message: reading.text,
        files: reading.files,
        diffstat: reading.diffstat,
      });
    }
    comments.push(...reading.comments.map((comment) => ({ ...comment, patch })));
  }
  return { patches, comments, problems: [] };
}
