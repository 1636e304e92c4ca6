/** Devices without live state: saved once, while the VM is stopped. Those of a PC, in the order of each version. */
import type { Band } from '../../catalog/vocabulary.ts';

export interface PlainDevice {
  readonly name: string;
  readonly instance: number;
  readonly sectionId: number;
  /** Needs no saving: its section is skipped. */
  readonly isSkipped: boolean;
  readonly bytes: number;
  /** Beyond what its bytes take. */
  readonly saveMs?: number;
}

const CPU = 'cpu_common cpu kvm-tpr-opt';
const HOST_BRIDGE = '0000:00:00.0/I440FX';
const LEGACY = 'i8254 pcspk serial fdc ps2kbd ps2mouse pckbd vmmouse port92';
const INTERRUPTS = 'i8259 i8259 ioapic hpet';
const BRIDGE = '0000:00:01.0/PIIX3';
const POWER = 'i2c_bus 0000:00:01.3/piix4_pm';
const IDE = '0000:00:01.1/ide';
const NEWER = `${HOST_BRIDGE} PCIHost PCIBUS fw_cfg dma dma mc146818rtc ${IDE} ${POWER} ${BRIDGE} ${INTERRUPTS} ${LEGACY}`;
const OLDER = `fw_cfg PCIHost PCIBUS ${HOST_BRIDGE} dma dma ${BRIDGE} ${INTERRUPTS} mc146818rtc ${LEGACY} ${IDE} ${POWER}`;
const SKIPPED = 'smbus-eeprom';
const EEPROMS = Array.from({ length: 8 }, () => SKIPPED).join(' ');
const END = `${EEPROMS} acpi_build globalstate`;

/** As registered, which is how sections are numbered; ram and dirty-bitmap are registered behind the timer. */
const REGISTERED: Readonly<Record<Band, string>> = {
  '7.2': `timer - ram dirty-bitmap ${CPU} apic kvmclock ${OLDER} ${END}`,
  '10.0': `timer ram dirty-bitmap ${CPU} apic kvmclock ${NEWER} ${END}`,
  thread: `timer ram dirty-bitmap ${CPU} apic kvmclock ${NEWER} ${END}`,
  '11.1': `timer ram dirty-bitmap ${CPU} apic kvmclock ${NEWER} ${END}`,
};

/** Numbered, but not among the devices: live modules, and a number that 7.2 skips. */
const NO_DEVICE = ['ram', 'dirty-bitmap', '-'];

const BYTES: Readonly<Record<string, number>> = { cpu: 12_000, [IDE]: 4_600, fdc: 1_100, i8259: 40, globalstate: 120 };

export function plainDevices(band: Band): readonly PlainDevice[] {
  const instances = new Map<string, number>();
  const devices = REGISTERED[band].split(' ').map((name, sectionId): PlainDevice => {
    const instance = instances.get(name) ?? 0;
    instances.set(name, instance + 1);
    return { name, instance, sectionId, isSkipped: name === SKIPPED, bytes: BYTES[name] ?? 90 };
  });
  const saved = devices.filter(({ name }) => !NO_DEVICE.includes(name));
  // 10.2 gave the interrupt controller a priority of its own.
  if (band !== '11.1' && band !== 'thread') return saved;
  return [...saved.filter(({ name }) => name === 'apic'), ...saved.filter(({ name }) => name !== 'apic')];
}
