import type { MemberVersions } from '../endpoint/endpoint.ts';
import { countersignError } from '../errors/countersign-error.ts';
import type { Pinning } from './ask-member.ts';
import type { Graph, MemberSpec } from './definition.ts';

/**
 * Whose versions a caller chose: a name is that of a member, else of the model of one or several members;
 * `member/inner` goes on to a member that is composed itself. Throws UNKNOWN_MEMBER.
 */
export function pinMembers(
  { name, members }: Pick<Graph, 'name' | 'members'>,
  chosen: MemberVersions | undefined,
): ReadonlyMap<MemberSpec, Pinning> {
  const pinned = new Map<MemberSpec, Pinning>();
  for (const [path, selector] of chosen ?? []) {
    const slash = path.indexOf('/');
    const head = slash < 0 ? path : path.slice(0, slash);
    const found = membersCalled(head, members);
    if (found.length === 0) {
      throw countersignError(
        'UNKNOWN_MEMBER',
        name,
        head,
        members.map((member) => member.name),
      );
    }
    for (const member of found) {
      const known = pinned.get(member) ?? { selector: null, within: new Map() };
      const next =
        slash < 0
          ? { ...known, selector }
          : { ...known, within: new Map([...known.within, [path.slice(slash + 1), selector]]) };
      pinned.set(member, next);
    }
  }
  return pinned;
}

function membersCalled(name: string, members: readonly MemberSpec[]): readonly MemberSpec[] {
  const byName = members.filter((member) => member.name === name);
  return byName.length > 0 ? byName : members.filter(({ model }) => model === name);
}
