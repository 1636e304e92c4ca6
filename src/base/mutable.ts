/** What is readonly to everyone else, for the one who fills it. */
export type Mutable<T> = { -readonly [K in keyof T]: T[K] };
