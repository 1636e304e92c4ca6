/** The destination's part in a sentence or two; its blocks are in the other formats. */
import { plural } from '../../../base/text.ts';
import type { BlackoutReport, DestinationBlocks, MigrationReport, Report } from '../../report.ts';
import { between } from '../text/destination.ts';
import type { Amount } from './amount.ts';
import { codeSpan, inline } from './text.ts';

export function destination({ destination: found }: MigrationReport): readonly string[] {
  if (found === null) return [];
  const { blackout, noBlackout, clock } = found;
  const stood =
    blackout === null ? `no blackout of the guest: ${inline(noBlackout ?? 'not shown')}` : blackoutText(blackout);
  const tied =
    clock === null
      ? 'the clocks are not tied: the logs have no time stamps in common'
      : `its clock less the source's: ${between(clock.lowNs, clock.highNs)} (from ${plural(clock.pairs, 'pair')} of lines)`;
  return [`${title(found)}; ${stood}; ${tied}.`];
}

/** What has no place in any migration. */
export function untied({ untiedDestinations }: Report, amount: Amount): readonly string[] {
  const shown = untiedDestinations.slice(0, amount.migrations);
  const omitted = untiedDestinations.length - shown.length;
  return [
    ...shown.map((one) => `${title(one)}; not tied to a migration: ${inline(one.reason)}.`),
    ...(omitted > 0 ? [`${plural(omitted, 'more destination')} omitted.`] : []),
  ];
}

function title({ file, outcome }: DestinationBlocks): string {
  return `Destination ${codeSpan(file, 120)}: ${outcome === 'running' ? 'its log ends before it does' : outcome}`;
}

function blackoutText({ lowNs, highNs, from, to }: BlackoutReport): string {
  const places = [from, to].map(({ file, line }) => codeSpan(`${file}:${line}`, 140));
  return `blackout of the guest ${between(lowNs, highNs)}, from ${places.join(' to ')}`;
}
