import { Controller, Get, Param } from '@nestjs/common';
import { ApiNotFoundResponse, ApiOkResponse, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { AccessLog } from '#libs/access/access-log';
import { Roles } from '#libs/access/access-policy';
import type { Account } from '#libs/access/account';
import { SignedIn } from '#libs/access/signed-in';
import { EntityFinder } from './entity-finder.js';
import { EntityIdPipe } from './entity-id-pipe.js';
import { DwellingView, goldenView, HouseholdView, personSummary } from './golden-views.js';

/** Households with the members the reader may see, and dwellings. */
@ApiTags('households and dwellings')
@Controller()
@Roles('steward', 'worker', 'statistician')
export class HouseholdController {
  constructor(
    private readonly finder: EntityFinder,
    private readonly log: AccessLog,
  ) {}

  @Get('households/:id')
  @ApiOperation({ summary: 'A household with its members and the origin of every value' })
  @ApiOkResponse({ type: HouseholdView })
  @ApiResponse({ status: 307, description: 'Merged into another household; Location names it.' })
  @ApiNotFoundResponse({ description: 'No such household, or outside your scope.' })
  async household(
    @SignedIn() account: Account, @Param('id', new EntityIdPipe('household')) id: string,
  ): Promise<HouseholdView> {
    const entity = await this.finder.find(id, 'household', account, (to) => `/households/${to}`);
    const persons = await this.finder.entities.read(entity.persons.map((p) => p.person), account);
    const members = entity.persons.flatMap(({ person, relation }) => {
      const visible = persons.get(person);
      return visible ? [{ visible, relation }] : [];
    });
    await this.log.noteSeen(account, 'household.read', [entity]);
    await this.log.noteSeen(account, 'household.read', members.map((m) => m.visible), { household: id });
    return { ...goldenView(entity), members: members.map(({ visible, relation }) => ({ ...personSummary(visible), relation })), contested: await this.finder.contested(entity, account) };
  }

  @Get('dwellings/:id')
  @ApiOperation({ summary: 'A dwelling with the origin of every value' })
  @ApiOkResponse({ type: DwellingView })
  @ApiResponse({ status: 307, description: 'Merged into another dwelling; Location names it.' })
  @ApiNotFoundResponse({ description: 'No such dwelling, or outside your scope.' })
  async dwelling(
    @SignedIn() account: Account, @Param('id', new EntityIdPipe('dwelling')) id: string,
  ): Promise<DwellingView> {
    const entity = await this.finder.find(id, 'dwelling', account, (to) => `/dwellings/${to}`);
    await this.log.noteSeen(account, 'dwelling.read', [entity]);
    return { ...goldenView(entity), contested: await this.finder.contested(entity, account) };
  }
}
