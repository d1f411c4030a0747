/** Postal addresses of the United States, and addresses of machines. */
import { isIPv6 } from 'node:net';
import { finder } from '#rules/sit/finder.ts';

const STATES =
  'AL|AK|AZ|AR|CA|CO|CT|DE|DC|FL|GA|HI|ID|IL|IN|IA|KS|KY|LA|ME|MD|MA|MI|MN|MS|MO|MT|NE|NV|NH|NJ|NM|NY|NC|ND|OH|OK|OR|PA|RI|SC|SD|TN|TX|UT|VT|VA|WA|WV|WI|WY';
/** By the last word of the name, since it stands before the ZIP code. */
const STATE_NAMES =
  'Alabama|Alaska|Arizona|Arkansas|California|Colorado|Connecticut|Delaware|Florida|Georgia|Hawaii|Idaho|Illinois|Indiana|Iowa|Kansas|Kentucky|Louisiana|Maine|Maryland|Massachusetts|Michigan|Minnesota|Mississippi|Missouri|Montana|Nebraska|Nevada|Hampshire|Jersey|Mexico|York|Carolina|Dakota|Ohio|Oklahoma|Oregon|Pennsylvania|Island|Tennessee|Texas|Utah|Vermont|Virginia|Washington|Wisconsin|Wyoming';

const OCTET = String.raw`(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)`;

const GROUPS = String.raw`[0-9a-f]{1,4}(?::[0-9a-f]{0,4}){2,7}`;

/** Without its points an address is another one. */
const asWritten = (text: string): string => text.toLowerCase();

export const ADDRESS_FUNCTIONS = {
  Func_us_address: finder([String.raw`(?:${STATES}|${STATE_NAMES}),? {1,2}\d{5}(?:-\d{4})?`], { begins: 'letter' }),
  /** A network may stand behind it: `192.0.2.0/24`. At the end of an address of the newer kind it is part of that. */
  Regex_ipv4_address: finder([String.raw`(?<!::)(?:${OCTET}\.){3}${OCTET}`], {
    joints: '.-',
    keyOf: asWritten,
  }),
  Regex_ipv6_address: finder([`${GROUPS}${OCTET}(?:\\.${OCTET}){3}`, GROUPS], {
    begins: 'any',
    joints: '.-:',
    keyOf: asWritten,
    accepts: (_, text) => isIPv6(text),
  }),
};
