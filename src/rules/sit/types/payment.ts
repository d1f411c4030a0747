/** Cards and accounts that are the same all over the world. */
import type { CustomType } from '#rules/sit/custom.ts';
import { any, found, pattern, type, words } from './write.ts';

const verification = words(['card verification', 'card identification number', 'cvn', 'cid', 'cvc2', 'cvv2']);

export const PAYMENT_TYPES: readonly CustomType[] = [
  type('50842eb7-edc8-4019-85dd-5a5c1f2bb085', 'Credit Card Number', 85, [
    pattern(85, found('Func_credit_card'), any(1, verification)),
    pattern(65, found('Func_credit_card')),
  ]),
];
