/** Numbers of Canada. */
import { isRepeated, luhn } from '#rules/sit/checksums.ts';
import { finder } from '#rules/sit/finder.ts';

const isSocialInsurance = (digits: string): boolean => luhn(digits) && !isRepeated(digits);

export const CANADA_FUNCTIONS = {
  Func_canadian_sin: finder([String.raw`\d{3}([ -])\d{3}\1\d{3}`], { accepts: isSocialInsurance }),
  Func_unformatted_canadian_sin: finder([String.raw`\d{9}`], { accepts: isSocialInsurance }),
  Regex_canada_bank_account_number: finder([String.raw`\d{7}`, String.raw`\d{12}`]),
  /** Branch and institution. */
  Regex_canada_bank_account_transit_number: finder([String.raw`\d{5}-\d{3}`, String.raw`0\d{8}`]),
  Regex_canada_health_service_number: finder([String.raw`\d{10}`, String.raw`\d{4}([ -])\d{3}\1\d{3}`]),
  Regex_canada_passport_number: finder([String.raw`[A-Z]{2}\d{6}`, String.raw`[A-Z]\d{6}[A-Z]{2}`], {
    begins: 'letter',
  }),
  Regex_canada_phin: finder([String.raw`\d{9}`, String.raw`\d{3}([ -])\d{3}\1\d{3}`]),
  Func_alberta_drivers_license_number: finder([String.raw`\d{6}-\d{3}`, String.raw`\d{5,9}`]),
  Func_british_columbia_drivers_license_number: finder([String.raw`\d{7}`]),
  Func_manitoba_drivers_license_number: finder(
    [String.raw`[A-Z]{2}-[A-Z]{2}-[A-Z]{2}-[A-Z]\d{3}[A-Z]{2}`, String.raw`[A-Z]{7}\d{3}[A-Z]{2}`],
    { begins: 'letter' },
  ),
  Func_new_brunswick_drivers_license_number: finder([String.raw`\d{5,7}`]),
  Func_newfoundland_labrador_drivers_license_number: finder([String.raw`[A-Z]\d{9}`], { begins: 'letter' }),
  Func_nova_scotia_drivers_license_number: finder([String.raw`[A-Z]{5}-?\d{9}`], { begins: 'letter' }),
  Func_ontario_drivers_license_number: finder([String.raw`[A-Z]\d{4}([- ]?)\d{5}\1\d{5}`], { begins: 'letter' }),
  Func_prince_edward_island_drivers_license_number: finder([String.raw`\d{5,6}`]),
  Func_quebec_drivers_license_number: finder([String.raw`[A-Z]\d{4}([- ]?)\d{6}\1\d{2}`], { begins: 'letter' }),
  Func_saskatchewan_drivers_license_number: finder([String.raw`\d{8}`]),
};
