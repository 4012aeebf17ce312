import { applyDecorators, SetMetadata, type CustomDecorator } from '@nestjs/common';
import { ApiBearerAuth, ApiCookieAuth, ApiForbiddenResponse, ApiUnauthorizedResponse } from '@nestjs/swagger';
import type { Role } from './account.js';

export const ROLES_METADATA = 'yici:roles';
export const OPEN_METADATA = 'yici:open';

/** What is open without an account; nothing else ever is. `machine`: the route checks its own HMAC. */
export type Opening = 'health' | 'login' | 'machine';

/** Who may call this route (or, on a controller, its routes). A route with neither `@Roles` nor `@OpenTo` is refused to everyone. */
export function Roles(...roles: [Role, ...Role[]]): ClassDecorator & MethodDecorator {
  return applyDecorators(
    SetMetadata(ROLES_METADATA, roles),
    ApiBearerAuth(),
    ApiCookieAuth(),
    ApiUnauthorizedResponse({ description: 'Not signed in, or the session has ended.' }),
    ApiForbiddenResponse({ description: `Needs one of the roles: ${roles.join(', ')}.` }),
  );
}

/** Opens a route without an account. The reason is part of the declaration so that a test can list them. */
export function OpenTo(opening: Opening): CustomDecorator {
  return SetMetadata(OPEN_METADATA, opening);
}
