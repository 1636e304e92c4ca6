/** The anchor of a remark in the page. */
export const remarkId = (index: number): string => `remark-${index}`;
