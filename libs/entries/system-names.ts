/** What people call a system and its department. */
export interface NamedSystem {
  id: string;
  name: string;
  nameEn: string;
  owner: string;
}

/** Names of the systems, from their folders. */
export class SystemNames {
  private readonly byId: ReadonlyMap<string, NamedSystem>;

  constructor(systems: readonly NamedSystem[]) {
    this.byId = new Map(systems.map((s) => [s.id, s]));
  }

  /** Undefined for the hub itself and for a system whose folder is gone. */
  of(system: string): NamedSystem | undefined {
    return this.byId.get(system);
  }
}
