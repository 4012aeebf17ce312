/** Where in the flow an error arose. */
export type Stage = 'config' | 'receiving' | 'decoding' | 'mapping' | 'resolving' | 'storing' | 'sharing' | 'sending' | 'serving';

export type Severity = 'notice' | 'warning' | 'error' | 'fatal';

export interface YiciErrorOptions {
  /** Stable, upper snake case, e.g. `YICI_INTAKE_UNKNOWN_CODE`. */
  code: string;
  stage: Stage;
  /** One sentence a clerk understands; never a personal value. */
  message: string;
  /** What the reader can do about it. */
  fix?: string;
  retriable?: boolean;
  severity?: Severity;
  cause?: unknown;
}

/** The one base of every error Yici raises on purpose. Messages never hold personal values. */
export class YiciError extends Error {
  readonly code: string;
  readonly stage: Stage;
  readonly retriable: boolean;
  readonly severity: Severity;
  readonly fix: string | undefined;

  constructor(o: YiciErrorOptions) {
    super(o.message, o.cause === undefined ? undefined : { cause: o.cause });
    this.name = 'YiciError';
    this.code = o.code;
    this.stage = o.stage;
    this.retriable = o.retriable ?? false;
    this.severity = o.severity ?? 'error';
    this.fix = o.fix;
  }
}

/** Thrown when a configuration (environment, manifest, mapping) has faults; lists all of them at once. */
export class ConfigurationError extends YiciError {
  readonly faults: readonly string[];

  constructor(subject: string, faults: readonly string[]) {
    super({
      code: 'YICI_CONFIG_INVALID',
      stage: 'config',
      message: `${subject} has ${faults.length} fault(s):\n${faults.map((f) => `  - ${f}`).join('\n')}`,
    });
    this.name = 'ConfigurationError';
    this.faults = faults;
  }
}
