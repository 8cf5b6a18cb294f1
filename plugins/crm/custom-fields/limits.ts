/** Most custom fields that one kind of record has at a time. */
export const maxFields = 100;

/** Most of them that are indexed, unique or references: each of these slows imports of records that have a value in it. */
export const maxIndexed = 20;

/** Most removed fields of one kind whose data are kept: what is beyond has to be purged first. */
export const maxRemoved = 100;

/** Most options of a choice, retired ones included. */
export const maxOptions = 500;

/** Longest name, characters: with what stands before and behind it in the table it is as long as PostgreSQL allows. */
export const maxNameLength = 50;

/** Longest text and longest text of many lines, characters. */
export const maxTextLength = 500;
export const maxLongTextLength = 100_000;

/** Length of a text of many lines where nothing is said. */
export const defaultLongTextLength = 10_000;

/** Longest address, characters. */
export const maxUrlLength = 2_000;

/** Most digits of a decimal before and after the point, and what it has where nothing is said. */
export const maxDigits = { whole: 30, fraction: 15 };
export const defaultDigits = { whole: 15, fraction: 4 };
