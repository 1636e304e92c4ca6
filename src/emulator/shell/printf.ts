/** Prints the arguments of an event by its declaration, as QEMU's log back end does with printf. */
import type { ArgValues } from '../../catalog/declaration.ts';

export type Printer = (args: ArgValues) => string;

interface Piece {
  /** What stands before the conversion. */
  readonly literal: string;
  readonly argument: string;
  readonly print: (value: number | bigint | string) => string;
}

const CONVERSION = /%#?[0-9]*(?<length>hh|h|ll|l|z)?(?<kind>[dixups])/g;

/** `name(type a, type b) "format"` to a function that prints what stands behind the name. */
export function printerOf(declaration: string): Printer {
  const close = declaration.indexOf(') "');
  const parameters = declaration.slice(declaration.indexOf('(') + 1, close);
  const names = parameters === 'void' ? [] : parameters.split(', ').map((one) => one.replace(/^.*[ *]/, ''));
  const format = declaration.slice(close + 3, -1);
  const pieces: Piece[] = [];
  let at = 0;
  for (const match of format.matchAll(CONVERSION)) {
    const { length = '', kind = '' } = match.groups ?? {};
    const argument = names[pieces.length];
    if (argument === undefined) throw new Error(`more conversions than arguments: ${declaration}`);
    pieces.push({ literal: format.slice(at, match.index), argument, print: conversion(kind, /[lz]/.test(length)) });
    at = match.index + match[0].length;
  }
  const tail = format.slice(at);
  return (args) => {
    let text = '';
    for (const { literal, argument, print } of pieces) {
      const value = args[argument];
      if (value === undefined) throw new Error(`no argument ${argument} for ${declaration}`);
      text += literal + print(value);
    }
    return text + tail;
  };
}

/** Integers wrap at their width, as in C. */
function conversion(kind: string, wide: boolean): Piece['print'] {
  const bits = wide ? 64 : 32;
  const limit = 2 ** (bits - 1);
  switch (kind) {
    case 'd':
    case 'i':
      return (value) => (isWithin(value, -limit, limit) ? String(value) : String(BigInt.asIntN(bits, BigInt(value))));
    case 'u':
      return (value) => (isWithin(value, 0, limit) ? String(value) : String(BigInt.asUintN(bits, BigInt(value))));
    case 'x':
      return (value) => BigInt.asUintN(bits, BigInt(value)).toString(16);
    default:
      return String;
  }
}

function isWithin(value: number | bigint | string, low: number, end: number): boolean {
  return typeof value === 'number' && value >= low && value < end;
}
