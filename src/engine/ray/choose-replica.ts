/** A replica that can be asked, as far as one version is concerned. */
export interface Candidate {
  readonly id: string;
  /** The version is up there, or coming up. */
  readonly has: 'up' | 'coming' | null;
  /** Requests for the version that we have there; it takes them one after another. */
  readonly waiting: number;
  /** All requests that we have there. */
  readonly inFlight: number;
  /** Versions it can take without letting one go. */
  readonly free: number;
}

export interface Choice {
  readonly id: string;
  /** The replica that should have the version too, because all that have it are busy with it; null for none. */
  readonly spread: string | null;
}

/**
 * Where a request for a version goes: to a replica that has it, the least busy one; where none has it, to where it is
 * coming up; else to the one with most room, which every gateway finds to be the same. Where there is another, not to one
 * that has more than its room: what is asked there stays, and what nobody else has goes in its place. Null where nobody
 * can be asked. `roll`, from 0 up to 1, decides among equals, so that many gateways do not all take the first.
 */
export function chooseReplica(key: string, candidates: readonly Candidate[], roll: number): Choice | null {
  const up = candidates.filter(({ has }) => has === 'up');
  const all = up.length > 0 ? up : candidates.filter(({ has }) => has === 'coming');
  const roomy = all.filter(({ free }) => free >= 0);
  const holders = roomy.length > 0 ? roomy : all;
  const least = holders.reduce<Candidate | null>((best, next) => (isLess(next, best) ? next : best), null);
  if (least === null) {
    const home = bestPlace(key, candidates);
    return home === null ? null : { id: home.id, spread: null };
  }
  const equals = holders.filter(
    ({ waiting, inFlight }) => waiting === least.waiting && inFlight === least.inFlight,
  );
  const chosen = equals[Math.floor(roll * equals.length)] ?? least;
  const isIdle = all.some(({ waiting }) => waiting === 0);
  const others = isIdle ? [] : candidates.filter(({ has }) => has === null);
  return { id: chosen.id, spread: bestPlace(key, others)?.id ?? null };
}

function isLess(next: Candidate, best: Candidate | null): boolean {
  if (best === null) return true;
  if (next.waiting !== best.waiting) return next.waiting < best.waiting;
  return next.inFlight < best.inFlight;
}

/** Most room first; among equals by a hash of both, which spreads versions and needs no agreement. */
function bestPlace(key: string, candidates: readonly Candidate[]): Candidate | null {
  const ranked = candidates.map((candidate) => ({ candidate, rank: rank(key, candidate.id) }));
  ranked.sort(
    (a, b) =>
      b.candidate.free - a.candidate.free || a.rank - b.rank || (a.candidate.id < b.candidate.id ? -1 : 1),
  );
  return ranked[0]?.candidate ?? null;
}

/** FNV-1a: cheap, and even enough to tell replicas apart. */
function rank(key: string, id: string): number {
  let hash = 0x811c9dc5;
  for (const character of `${id} ${key}`) hash = Math.imul(hash ^ character.charCodeAt(0), 0x01000193);
  return hash >>> 0;
}
