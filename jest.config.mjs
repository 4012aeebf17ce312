// ESM jest: sources are transformed by swc (no type check here; `npm run typecheck` does that).
const base = {
  rootDir: import.meta.dirname,
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '^.+\\.ts$': ['@swc/jest', {
      jsc: {
        target: 'es2022',
        parser: { syntax: 'typescript', decorators: true },
        transform: { legacyDecorator: true, decoratorMetadata: true },
      },
      module: { type: 'es6' },
    }],
  },
  moduleNameMapper: {
    '^#(libs|apps|connectors)/(.*)\\.json$': '<rootDir>/$1/$2.json',
    '^#(libs|apps|connectors|test)/(.*)$': '<rootDir>/$1/$2.ts',
    '^#schemas/(.*)$': '<rootDir>/schemas/$1',
    '^(\\.{1,2}/.*)\\.js$': '$1',
  },
  modulePathIgnorePatterns: ['<rootDir>/dist/'],
};

const postgres = { globalSetup: '<rootDir>/test/support/global-setup.ts', globalTeardown: '<rootDir>/test/support/global-teardown.ts' };

export default {
  maxWorkers: 2,
  // Starting PostgreSQL on a busy machine takes more than jest's 5 s. Jest reads this here only, not in a project.
  testTimeout: 120_000,
  projects: [
    { ...base, displayName: 'unit', testMatch: ['<rootDir>/{apps,libs,connectors}/**/*.test.ts', '<rootDir>/test/{architecture,conformance}/**/*.test.ts'] },
    { ...base, displayName: 'integration', testMatch: ['<rootDir>/test/{integration,e2e}/**/*.test.ts'],
      ...postgres },
    { ...base, displayName: 'quality', testMatch: ['<rootDir>/test/quality/**/*.test.ts'], ...postgres },
    { ...base, displayName: 'bench', testMatch: ['<rootDir>/test/bench/**/*.test.ts'], ...postgres },
  ],
};
