/** What `analyze` writes by itself, the page and the database, and the one line that it says of both. */
import { relative } from 'node:path';
import { messageOf, UserError } from '../base/errors.ts';
import { isPageOf } from '../report/renderers/html/identity.ts';
import type { Report } from '../report/report.ts';
import { writeWhole } from '../store/files.ts';
import { reportName, reportPlace } from '../store/report-place.ts';

export type Outcome =
  | { readonly place: string }
  /** `isFault`: of qtrace itself. */
  | { readonly failure: string; readonly isFault: boolean };

export interface PageRequest {
  readonly folder: string;
  readonly firstInput: string;
  readonly make: () => Promise<string>;
}

/** The default place is a convenience: what goes wrong there costs the user a line, not the verdict. */
export async function writePage({ folder, firstInput, make }: PageRequest, report: Report): Promise<Outcome> {
  try {
    const page = await make();
    const isOwnPage = (beginning: string): boolean => isPageOf(report, beginning);
    const place = `${await reportPlace(folder, reportName(firstInput), report.inputs, isOwnPage)}.html`;
    writeWhole(place, page);
    return { place: relative('.', place) };
  } catch (thrown) {
    if (thrown instanceof UserError) return { failure: thrown.message, isFault: false };
    return { failure: `a fault of qtrace itself, please report it: ${messageOf(thrown)}`, isFault: true };
  }
}

/** `wrote reports/a.html and reports/a.db`; undefined where nothing was to be written. */
export function filesSaid(page: Outcome | undefined, database: Outcome | undefined): string | undefined {
  const failures = [page, database].map((one) => (one !== undefined && 'failure' in one ? one.failure : undefined));
  const places = [page, database].flatMap((one) => (one !== undefined && 'place' in one ? [one.place] : []));
  const [noPage, noDatabase] = failures;
  // One folder, one reason.
  if (noPage !== undefined && noDatabase !== undefined) return `no HTML and no database: ${noDatabase}`;
  const asks = database !== undefined && 'place' in database ? '; `qtrace sql` asks the database' : '';
  const parts = [
    ...(places.length > 0 ? [`wrote ${places.join(' and ')}${asks}`] : []),
    ...(noPage === undefined ? [] : [`no HTML: ${noPage}`]),
    ...(noDatabase === undefined ? [] : [`no database: ${noDatabase}`]),
  ];
  return parts.length > 0 ? parts.join('; ') : undefined;
}
