import type { NestExpressApplication } from '@nestjs/platform-express';

/** A route as Express keeps it. */
interface Layer {
  route?: { path: string; methods: Record<string, boolean> };
  match(path: string): boolean;
}

export interface Route {
  method: string;
  path: string;
}

/** Every route the application answers, by method and path pattern: what the test of default deny walks through. */
export function routesOf(app: NestExpressApplication): Route[] {
  return layersOf(app).flatMap(({ route }) => methodsOf(route!).map((method) => ({ method, path: route!.path })));
}

/** Methods this path takes; empty when no route has it. */
export function allowedMethods(app: NestExpressApplication, path: string): string[] {
  const methods = layersOf(app).filter((layer) => layer.match(path)).flatMap(({ route }) => methodsOf(route!));
  return [...new Set(methods)].sort();
}

function layersOf(app: NestExpressApplication): Layer[] {
  const express = app.getHttpAdapter().getInstance() as unknown as { router?: { stack: Layer[] } };
  return (express.router?.stack ?? []).filter((layer) => layer.route !== undefined);
}

function methodsOf(route: NonNullable<Layer['route']>): string[] {
  return Object.keys(route.methods).filter((m) => route.methods[m]).map((m) => m.toUpperCase());
}
