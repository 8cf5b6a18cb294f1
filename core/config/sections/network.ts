import Type from 'typebox';

/** A network in CIDR notation, as lists of networks have it. */
export const Network = Type.String({
  description: 'A network in CIDR notation.',
  'x-check': 'cidr',
  'x-expected': 'a network in CIDR notation, such as `10.0.0.0/8` or `fd00::/8`',
});
