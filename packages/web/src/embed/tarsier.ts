/** One script for any page: all elements, in English and German. */
import './de.ts';

export * from '../index.ts';
