import { Module, type DynamicModule, type ModuleMetadata, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import type { NextFunction, Request, Response } from 'express';
import helmet from 'helmet';
import type { Server, ServerResponse } from 'node:http';
import path from 'node:path';
import { ProblemFilter } from '#libs/access/problem-filter';
import { SessionGuard } from '#libs/access/session-guard';
import { SESSION_COOKIE } from '#libs/access/session-token';
import type { Health } from '#libs/platform/health';
import type { Logger } from '#libs/platform/logger';
import type { Metrics } from '#libs/platform/metrics';
import { boundBodies } from './bounded-bodies.js';
import { HealthController, type GuardedSystems } from './health-controller.js';
import { nestLogger } from './nest-logger.js';
import { allowedMethods } from './routes.js';

export interface HttpParts {
  logger: Logger;
  metrics: Metrics;
  health: Health;
  guarded: GuardedSystems;
  /** The console's built files, served at `/` without login; absent when it was not built. */
  staticDir?: string;
  /** Whether the API is described at /api/openapi.json and /api/docs. */
  documented: boolean;
  /** Proxies whose X-Forwarded-* headers are believed; absent: none. */
  trustedProxies?: string[];
}

/** Nothing a clerk sends needs more. */
const LARGEST_BODY = '2mb';
/** A push of 200 objects of the largest system is ~400 kB, one of 1,000 objects ~2 MB. */
const PUSH_BOUNDS = { bytes: 4 * 1024 * 1024, milliseconds: 15_000 };
/** More than the bounds, which speak first. */
const PARSED_PUSH = '5mb';
const REQUEST_LIMIT_MS = 30_000;
const HEADERS_LIMIT_MS = 10_000;
const IDLE_LIMIT_MS = 20_000;

@Module({})
class RootModule {}

/** The Nest application over these modules, not listening yet: guard, filter, limits and headers are the same for every role. */
export async function createHttpApp(imports: ModuleMetadata['imports'], parts: HttpParts): Promise<NestExpressApplication> {
  const root: DynamicModule = {
    module: RootModule,
    imports,
    controllers: [HealthController],
    providers: [{ provide: 'health', useValue: parts.health }, { provide: 'metrics', useValue: parts.metrics }, { provide: 'guarded', useValue: parts.guarded }],
  };
  const app = await NestFactory.create<NestExpressApplication>(root as unknown as Type, {
    logger: nestLogger(parts.logger), rawBody: true, bodyParser: false, abortOnError: false, forceCloseConnections: true,
  });
  app.disable('x-powered-by');
  app.set('query parser', 'simple');
  if (parts.trustedProxies !== undefined) app.set('trust proxy', parts.trustedProxies);
  app.use(securityHeaders());
  app.use(timed(parts.metrics));
  if (parts.staticDir !== undefined) app.useStaticAssets(parts.staticDir, { dotfiles: 'ignore', index: ['index.html'], setHeaders: keptFiles });
  app.use(neverKept);
  // Before the JSON parser, which passes a body by that was read: a push is signed byte for byte.
  app.use(boundBodies(PUSH_BOUNDS, (request) => isMachineIntake(request.url)));
  app.useBodyParser('raw', { limit: PARSED_PUSH, inflate: false, type: (request) => isMachineIntake(request.url) });
  app.useBodyParser('json', { limit: LARGEST_BODY, type: ['application/json', 'application/*+json'] });
  app.useGlobalFilters(new ProblemFilter(
    ({ code, method, route, error }) => parts.logger.error('http.failed', { code, method, route }, error),
    (path) => allowedMethods(app, path),
  ));
  if (parts.documented) describe(app);
  limitTimes(app.getHttpServer() as Server);
  return app;
}

/** Streamed to a file by its own route, which knows how large it may be. */
const FILE_UPLOAD = /^\/intake\/[^/]+\/files\//;

function isMachineIntake(url: string | undefined): boolean {
  return url?.startsWith('/intake/') === true && !FILE_UPLOAD.test(url);
}

/** No page of another site may frame the console or feed it scripts; the console draws with inline styles (antd). */
function securityHeaders(): ReturnType<typeof helmet> {
  return helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'self'"], styleSrc: ["'self'", "'unsafe-inline'"], imgSrc: ["'self'", 'data:'], objectSrc: ["'none'"],
        frameAncestors: ["'none'"], baseUri: ["'none'"], formAction: ["'self'"],
      },
    },
    // The hub itself speaks HTTP behind a proxy; the proxy says whether HTTPS is for ever.
    strictTransportSecurity: false,
    referrerPolicy: { policy: 'no-referrer' },
  });
}

/** Files with a hash in their name never change under it; the page that names them is asked for anew each time. */
function keptFiles(response: ServerResponse, file: string): void {
  response.setHeader('Cache-Control', path.basename(path.dirname(file)) === 'assets' ? 'public, max-age=31536000, immutable' : 'no-cache');
}

/** What the API answers is about people: no browser and no proxy keeps it. */
function neverKept(_request: Request, response: Response, next: NextFunction): void {
  response.setHeader('Cache-Control', 'no-store');
  next();
}

function timed(metrics: Metrics) {
  const seconds = metrics.histogram('yici_http_request_seconds', 'Time to answer a request, by route pattern.', ['method', 'route', 'status']);
  return (request: Request, response: Response, next: NextFunction): void => {
    const started = process.hrtime.bigint();
    response.on('finish', () => {
      const route = (request as { route?: { path?: unknown } }).route?.path;
      const labels = { method: request.method, route: typeof route === 'string' ? route : 'none', status: String(response.statusCode) };
      seconds.observe(labels, Number(process.hrtime.bigint() - started) / 1e9);
    });
    next();
  };
}

function describe(app: NestExpressApplication): void {
  // Documents tell of every door: only whoever may sign in sees them. Registered before the routes they guard.
  app.use('/api', app.get(SessionGuard).signedInOnly);
  const config = new DocumentBuilder()
    .setTitle('Yici 一次')
    .setDescription('Entered once, shared many times. Errors are application/problem+json with `code`, `message`, `fix` and, for forms, `errors`.')
    .setVersion('1')
    .addBearerAuth()
    .addCookieAuth(SESSION_COOKIE)
    .build();
  SwaggerModule.setup('api/docs', app, () => SwaggerModule.createDocument(app, config), { jsonDocumentUrl: 'api/openapi.json', raw: ['json'] });
}

function limitTimes(server: Server): void {
  server.requestTimeout = REQUEST_LIMIT_MS;
  server.headersTimeout = HEADERS_LIMIT_MS;
  server.keepAliveTimeout = IDLE_LIMIT_MS;
}
