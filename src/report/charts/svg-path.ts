/** SVG path data in few bytes: relative steps with one decimal, rounded without drift. */

export class PathData {
  #text = '';
  #x = 0;
  #y = 0;
  #startX = 0;
  #startY = 0;
  #command = '';
  /** The number before has a decimal point, so that another one begins a new number. */
  #hasPoint = false;

  get text(): string {
    return this.#text;
  }

  get empty(): boolean {
    return this.#text === '';
  }

  move(x: number, y: number): void {
    // The first one counts from 0.
    this.#put(this.empty ? 'M' : 'm', [tenth(x - this.#x), tenth(y - this.#y)]);
    this.#to(x, y);
    this.#startX = this.#x;
    this.#startY = this.#y;
  }

  line(x: number, y: number): void {
    const [dx, dy] = [tenth(x - this.#x), tenth(y - this.#y)];
    if (dx === 0 && dy === 0) return;
    if (dy === 0) this.#put('h', [dx]);
    else if (dx === 0) this.#put('v', [dy]);
    else this.#put('l', [dx, dy]);
    this.#to(x, y);
  }

  /** No way at all: a dot, when it is drawn with a round end. */
  dot(x: number, y: number): void {
    this.move(x, y);
    this.#put('h', [0]);
  }

  curve(x1: number, y1: number, x2: number, y2: number, x: number, y: number): void {
    this.#put('c', [x1 - this.#x, y1 - this.#y, x2 - this.#x, y2 - this.#y, x - this.#x, y - this.#y].map(tenth));
    this.#to(x, y);
  }

  /** A whole circle. */
  circle(x: number, y: number, r: number): void {
    this.move(x - r, y);
    this.#put('a', [r, r, 0, 1, 0, 2 * r, 0].map(tenth));
    this.#put('a', [r, r, 0, 1, 0, -2 * r, 0].map(tenth));
    this.close();
  }

  arc(r: number, sweep: boolean, x: number, y: number): void {
    this.#put('a', [tenth(r), tenth(r), 0, 0, sweep ? 1 : 0, tenth(x - this.#x), tenth(y - this.#y)]);
    this.#to(x, y);
  }

  close(): void {
    this.#put('z', []);
    this.#x = this.#startX;
    this.#y = this.#startY;
  }

  #put(command: string, values: readonly number[]): void {
    // A command may be left out when it is the one before; behind `m` that would mean `l`.
    let text = command === this.#command && command !== 'm' && command !== 'z' ? '' : command;
    for (const value of values) {
      const number = short(value);
      const before = (text === '' ? this.#text : text).at(-1) ?? '';
      const apart = /\D/.test(before) || number.startsWith('-') || (number.startsWith('.') && this.#hasPoint);
      text += apart ? number : ` ${number}`;
      this.#hasPoint = number.includes('.');
    }
    this.#text += text;
    this.#command = command;
  }

  #to(x: number, y: number): void {
    this.#x = tenth(x);
    this.#y = tenth(y);
  }
}

function tenth(value: number): number {
  return Math.round(value * 10) / 10;
}

/** `0.5` to `.5`, `-0.5` to `-.5`; whole numbers as they are. */
export function short(value: number): string {
  const rounded = tenth(value);
  return Object.is(rounded, -0) ? '0' : String(rounded).replace(/^(-?)0\./, '$1.');
}
