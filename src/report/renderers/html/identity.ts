/** Whose report a page is: it says so in its head, and a report of other inputs is never written over. */
import type { Report } from '../../report.ts';

const NAME = 'qtrace-inputs';
/** More inputs than that are logs per thread of one process. */
const NAMED = 40;

export function identityMeta({ inputs }: Pick<Report, 'inputs'>): Readonly<Record<string, string>> {
  const digests = inputs.slice(0, NAMED).map(({ digest }) => digest.hex.slice(0, 16));
  return { [NAME]: [inputs.length, ...digests].join(' ') };
}

/** Whether a page that begins so is a report of the same inputs. */
export function isPageOf(report: Pick<Report, 'inputs'>, beginning: string): boolean {
  const found = new RegExp(`<meta name="${NAME}" content="([^"]*)">`).exec(beginning)?.[1];
  return found !== undefined && found === identityMeta(report)[NAME];
}
