/**
 * Rule packages: types of sensitive information as Exchange and Purview write them in XML (Microsoft, "Developing sensitive information
 * rule packages"). Read to the plain values of `rules/sit/custom.ts`, each with the line on which it stands.
 *
 * What a package may hold and cannot be done here (encrypted packages, dictionaries, fingerprints) is refused in words, never
 * passed over: half of a type would find too much or too little.
 */
import { TYPE_LIMITS } from '#rules/sit/check-type.ts';
import { AFFINITY_PROXIMITY, ENTITY_PROXIMITY } from '#rules/sit/custom.ts';
import type { CustomType, Element, Evidence, Keyword, TypePattern } from '#rules/sit/custom.ts';
import { FUNCTION_NAMES, functionOf } from '#rules/sit/functions.ts';
import { nearest, type ConfigProblem } from './problems.ts';
import type { FileTypes, PlacedType } from './sit.ts';
import { childOf, childrenOf, readXml, type XmlElement } from './xml.ts';

const NAMESPACE = 'http://schemas.microsoft.com/office/2011/mce';

export function readPackage(text: string, file: string): FileTypes {
  const reading = readXml(text);
  if (reading.kind === 'broken') {
    const { line, message } = reading;
    return { placed: [], problems: [{ file, line, setting: '', message }] };
  }
  const reader = new PackageReader(file);
  return { placed: reader.read(reading.root), problems: reader.problems };
}

/** What an `idRef` may name. */
type Definitions = ReadonlyMap<string, Element>;

type Resource = { readonly name: string; readonly description?: string | undefined };

const TYPES: ReadonlySet<string> = new Set(['Entity', 'Affinity']);
/** In `Rules`, beside types. */
const PARTS: ReadonlySet<string> = new Set(['Regex', 'Keyword', 'Function', 'LocalizedStrings', 'Version']);
const UNABLE: { readonly [name: string]: string } = {
  Encryption: 'makes the package unreadable; export it without encryption',
  Fingerprint: 'is a document fingerprint, which is not searched for here; take the type out',
  Dictionary: 'is a dictionary outside of the package; write its terms as a Keyword',
  Validators: 'checks values in a way that is not done here; take it out, or write the type in YAML with `validators:`',
  Filters:
    'leaves values out in a way that is not done here; take it out, or write the pattern so that it does not find them',
};

class PackageReader {
  readonly #file: string;
  readonly problems: ConfigProblem[] = [];

  constructor(file: string) {
    this.#file = file;
  }

  read(root: XmlElement): readonly PlacedType[] {
    if (root.name !== 'RulePackage' || root.namespace !== NAMESPACE) {
      this.#tell(root, `is no rule package: it must be RulePackage of ${NAMESPACE}`);
      return [];
    }
    const pack = childOf(root, 'RulePack');
    const encryption = pack && childOf(pack, 'Encryption');
    if (encryption !== undefined) this.#tell(encryption, UNABLE['Encryption'] ?? '');
    const rules = childOf(root, 'Rules');
    if (rules === undefined) {
      this.#tell(root, 'has no Rules');
      return [];
    }
    // Version parts hold what older programs would not understand.
    const parts = rules.children.flatMap((part) => (part.name === 'Version' ? part.children : [part]));
    for (const part of parts) this.#demandKnown(part);
    const definitions = this.#definitions(parts);
    const resources = this.#resources(parts);
    return parts
      .filter(({ name }) => TYPES.has(name))
      .flatMap((part) => {
        const type = this.#type(part, definitions, resources);
        const setting = settingOf(part);
        return type === undefined ? [] : [{ type, file: this.#file, line: part.line, setting }];
      });
  }

  #tell(element: XmlElement, message: string): void {
    this.problems.push({ file: this.#file, line: element.line, setting: settingOf(element), message });
  }

  #demandKnown(part: XmlElement): void {
    if (TYPES.has(part.name) || PARTS.has(part.name)) return;
    const meant = nearest(part.name, [...TYPES, ...PARTS]);
    const hint = meant === undefined ? 'is nothing that is known here' : `is unknown; did you mean ${meant}?`;
    this.#tell(part, UNABLE[part.name] ?? hint);
  }

  #definitions(parts: readonly XmlElement[]): Definitions {
    const definitions = new Map<string, Element>();
    for (const part of parts) {
      const element = this.#definition(part);
      const id = part.attributes.get('id');
      if (element === undefined) continue;
      if (id === undefined) this.#tell(part, 'must have an id');
      else if (definitions.has(id)) this.#tell(part, 'has an id that another has too');
      else definitions.set(id, element);
    }
    return definitions;
  }

  #definition(part: XmlElement): Element | undefined {
    if (part.name === 'Keyword') return { kind: 'keywords', keywords: this.#keywords(part) };
    if (part.name !== 'Regex') return undefined;
    for (const name of ['Validators', 'Filters']) {
      const attribute = name.toLowerCase();
      if (part.attributes.has(attribute)) this.#tell(part, `names ${attribute}: that ${UNABLE[name]}`);
    }
    return { kind: 'regex', pattern: part.text.trim() };
  }

  #keywords(part: XmlElement): readonly Keyword[] {
    return childrenOf(part, 'Group').flatMap((group) => {
      const style = group.attributes.get('matchStyle') ?? 'word';
      if (style !== 'word' && style !== 'string') {
        this.#tell(group, `has the matchStyle "${style.slice(0, 60)}"; it is word or string`);
        return [];
      }
      return childrenOf(group, 'Term').map(({ text, attributes }): Keyword => {
        const caseSensitive = attributes.get('caseSensitive')?.toLowerCase() === 'true';
        return { text: text.trim(), style, caseSensitive };
      });
    });
  }

  #resources(parts: readonly XmlElement[]): ReadonlyMap<string, Resource> {
    const resources = parts
      .filter(({ name }) => name === 'LocalizedStrings')
      .flatMap((strings) => childrenOf(strings, 'Resource'));
    return new Map(
      resources.map((resource) => [
        resource.attributes.get('idRef')?.toLowerCase() ?? '',
        { name: inDefaultLanguage(resource, 'Name') ?? '', description: inDefaultLanguage(resource, 'Description') },
      ]),
    );
  }

  #type(part: XmlElement, definitions: Definitions, resources: ReadonlyMap<string, Resource>): CustomType | undefined {
    const id = part.attributes.get('id')?.toLowerCase() ?? '';
    const resource = resources.get(id);
    if (resource === undefined) {
      this.#tell(part, 'has no name: LocalizedStrings must hold a Resource with its id');
      return undefined;
    }
    if (part.name === 'Affinity') {
      const evidence = childrenOf(part, 'Evidence').map((each) => ({
        confidence: this.#number(each, 'confidenceLevel'),
        matches: this.#evidence(each, definitions),
      }));
      const proximity = this.#proximity(part, 'evidencesProximity') ?? AFFINITY_PROXIMITY;
      const recommendedConfidence = this.#number(part, 'thresholdConfidenceLevel');
      return { kind: 'affinity', id, ...resource, recommendedConfidence, proximity, evidence };
    }
    const patterns = childrenOf(part, 'Pattern').flatMap((each) => this.#pattern(each, definitions));
    const recommendedConfidence = part.attributes.has('recommendedConfidence')
      ? this.#number(part, 'recommendedConfidence')
      : Math.max(0, ...patterns.map(({ confidence }) => confidence));
    const proximity = this.#proximity(part, 'patternsProximity') ?? ENTITY_PROXIMITY;
    return { kind: 'entity', id, ...resource, recommendedConfidence, proximity, patterns };
  }

  #pattern(part: XmlElement, definitions: Definitions): readonly TypePattern[] {
    const primaries = childrenOf(part, 'IdMatch');
    const [primary] = primaries;
    if (primary === undefined || primaries.length > 1) {
      this.#tell(part, `must have one IdMatch; it has ${primaries.length}`);
      return [];
    }
    const element = this.#element(primary, definitions);
    const confidence = this.#number(part, 'confidenceLevel');
    const evidence = this.#evidence(part, definitions);
    const proximity = this.#proximity(part, 'proximity');
    return element === undefined ? [] : [{ confidence, primary: element, evidence, proximity }];
  }

  #evidence(part: XmlElement, definitions: Definitions): readonly Evidence[] {
    return part.children.flatMap((child): readonly Evidence[] => {
      if (child.name === 'IdMatch' && part.name === 'Pattern') return [];
      if (child.name === 'Match') return this.#match(child, definitions);
      if (child.name === 'Any') return [this.#any(child, definitions)];
      this.#tell(child, `stands in ${part.name}, where only IdMatch, Match and Any may`);
      return [];
    });
  }

  #match(part: XmlElement, definitions: Definitions): readonly Evidence[] {
    const element = this.#element(part, definitions);
    if (element === undefined) return [];
    const minCount = part.attributes.has('minCount') ? this.#number(part, 'minCount') : undefined;
    const uniqueResults = part.attributes.get('uniqueResults')?.toLowerCase() === 'true';
    return [{ kind: 'match', element, minCount, uniqueResults }];
  }

  #any(part: XmlElement, definitions: Definitions): Evidence {
    const of = this.#evidence(part, definitions);
    const min = part.attributes.has('minMatches') ? this.#number(part, 'minMatches') : 1;
    const max = part.attributes.has('maxMatches') ? this.#number(part, 'maxMatches') : undefined;
    return { kind: 'any', min, max, of };
  }

  #element(part: XmlElement, definitions: Definitions): Element | undefined {
    const id = part.attributes.get('idRef') ?? '';
    const element = definitions.get(id);
    if (element !== undefined) return element;
    if (functionOf(id) !== undefined) return { kind: 'function', name: id };
    const meant = nearest(id, [...definitions.keys(), ...FUNCTION_NAMES]);
    const hint = meant === undefined ? 'Microsoft does not publish what its own hold' : `did you mean ${meant}?`;
    this.#tell(part, `names "${id.slice(0, 100)}", which the package does not define; ${hint}`);
    return undefined;
  }

  /** Whether it fits is said with the type. */
  #number(part: XmlElement, attribute: string): number {
    const written = part.attributes.get(attribute)?.trim() ?? '';
    if (/^\d{1,6}$/.test(written)) return Number(written);
    this.#tell(part, `must have a number as ${attribute}${written === '' ? '' : `, not "${written.slice(0, 60)}"`}`);
    return 1;
  }

  #proximity(part: XmlElement, attribute: string): number | 'unlimited' | undefined {
    const written = part.attributes.get(attribute)?.trim();
    if (written === undefined) return undefined;
    return written.toLowerCase() === 'unlimited' ? 'unlimited' : this.#number(part, attribute);
  }
}

function inDefaultLanguage(resource: XmlElement, name: string): string | undefined {
  const texts = childrenOf(resource, name);
  const chosen = texts.find(({ attributes }) => attributes.get('default')?.toLowerCase() === 'true') ?? texts[0];
  return chosen?.text.trim().slice(0, name === 'Name' ? TYPE_LIMITS.nameCharacters + 1 : 1024);
}

/** `Entity 50842eb7-...` */
function settingOf({ name, attributes }: XmlElement): string {
  const id = attributes.get('id') ?? attributes.get('idRef') ?? '';
  return id === '' ? name : `${name} ${id.slice(0, 100)}`;
}
