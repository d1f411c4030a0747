/** What of numbers depends on the country: codes of ISO 3166-1, and lengths of IBANs by the registry of SWIFT. */

export const COUNTRIES =
  'A[DEFGILMOQRSTUWXZ]|B[ABDEFGHIJLMNOQRSTVWYZ]|C[ACDFGHIKLMNORUVWXYZ]|D[EJKMOZ]|E[CEGHRST]|F[IJKMOR]|G[ABDEFGHILMNPQRSTUWY]|H[KMNRTU]|I[DELMNOQRST]|J[EMOP]|K[EGHIMNPRWYZ]|L[ABCIKRSTUVY]|M[ACDEFGHKLMNOPQRSTUVWXYZ]|N[ACEFGILOPRUZ]|OM|P[AEFGHKLMNRSTWY]|QA|R[EOSUW]|S[ABCDEGHIJKLMNORSTVXYZ]|T[CDFGHJKLMNORTVWZ]|U[AGMSYZ]|V[ACEGINU]|W[FS]|XK|Y[ET]|Z[AMW]';

/** Characters of the account within the country: countries. */
export const IBAN_COUNTRIES: ReadonlyMap<number, string> = new Map([
  [11, 'NO'],
  [12, 'BE'],
  [14, 'DK|FI|FO|FK|GL|NL|SD'],
  [15, 'MK|SI'],
  [16, 'AT|BA|EE|KZ|LT|LU|MN|XK'],
  [17, 'CH|HR|LI|LV'],
  [18, 'BG|BH|CR|DE|GB|GE|IE|ME|RS|VA'],
  [19, 'AE|GI|IL|IQ|OM|SO|TL'],
  [20, 'AD|CZ|ES|MD|PK|RO|SA|SE|SK|TN|VG'],
  [21, 'LY|PT|ST'],
  [22, 'IS|TR'],
  [23, 'BI|DJ|FR|GR|IT|MC|MR|SM'],
  [24, 'AL|AZ|BY|CY|DO|GT|HN|HU|LB|NI|PL|SV'],
  [25, 'BR|EG|PS|QA|UA'],
  [26, 'JO|KW|MU|YE'],
  [27, 'MT|SC'],
  [28, 'LC'],
  [29, 'RU'],
]);
