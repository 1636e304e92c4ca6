/** Rates as people type them. */
import { UserError } from './errors.ts';

/** QEMU's suffixes are powers of 1024; bits per second, as networks are sold, powers of 1000. */
const BYTE_STEPS: Readonly<Record<string, number>> = { '': 0, K: 1, M: 2, G: 3, T: 4 };
const BIT_STEPS: Readonly<Record<string, number>> = { '': 0, k: 1, m: 2, g: 3, t: 4 };

/** `100M`, `1.25GiB/s`, `125000000`, `10Gbit` to bytes per second. @throws UserError */
export function parseRate(text: string): number {
  const bits = /^(\d{1,15}(?:\.\d+)?)\s*([kmgt]?)bit(?:\/s)?$/i.exec(text.trim());
  const bytes = /^(\d{1,15}(?:\.\d+)?)\s*([kmgt]?)(?:i?b)?(?:\/s)?$/i.exec(text.trim());
  const value =
    bits === null
      ? Number(bytes?.[1]) * 1024 ** (BYTE_STEPS[(bytes?.[2] ?? '').toUpperCase()] ?? 0)
      : (Number(bits[1]) * 1000 ** (BIT_STEPS[(bits[2] ?? '').toLowerCase()] ?? 0)) / 8;
  if (value > 0) return value;
  throw new UserError(`--bandwidth ${text}: not a rate; write bytes per second as 100M or 1.25G, or bits as 10Gbit`);
}
