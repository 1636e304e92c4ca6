/** What scripts rely on. */
export const EXIT = { clean: 0, violated: 1, usage: 2, fault: 3 } as const;
