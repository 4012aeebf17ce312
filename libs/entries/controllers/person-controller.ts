import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiNotFoundResponse, ApiOkResponse, ApiOperation, ApiProperty, ApiPropertyOptional, ApiResponse, ApiTags } from '@nestjs/swagger';
import { IsOptional } from 'class-validator';
import { AccessLog } from '#libs/access/access-log';
import { Roles } from '#libs/access/access-policy';
import type { Account } from '#libs/access/account';
import { PageMark, pageMark, pageOf, PageRequest, readPageMark, type Page } from '#libs/access/page-request';
import { invalidRequest } from '#libs/access/request-validation';
import { SignedIn } from '#libs/access/signed-in';
import { readCitizenId } from '#libs/values/citizen-id';
import { readName } from '#libs/values/person-name';
import { readPhones } from '#libs/values/phone';
import { IsCitizenId, IsPersonName, IsPhone } from '../entry-constraints.js';
import { PersonHistory } from '../person-history.js';
import { PersonLinks } from '../person-links.js';
import { PersonSearch, type SearchTerm } from '../person-search.js';
import { EntityFinder } from './entity-finder.js';
import { EntityIdPipe } from './entity-id-pipe.js';
import { goldenView, householdSummary, KnownStateView, PersonLinkView, personSummary, PersonSummary, PersonView } from './golden-views.js';

class PersonSearchRequest extends PageRequest {
  @ApiPropertyOptional({ description: '公民身份号码, or a residence permit or passport number' })
  @IsOptional()
  @IsCitizenId()
  citizenId?: string;

  @ApiPropertyOptional({ description: '电话' })
  @IsOptional()
  @IsPhone()
  phone?: string;

  @ApiPropertyOptional({ description: '姓名, in full; former names are found too' })
  @IsOptional()
  @IsPersonName()
  name?: string;
}

class PersonPage extends PageMark {
  @ApiProperty({ type: [PersonSummary] }) items!: PersonSummary[];
}

class KnownStatePage extends PageMark {
  @ApiProperty({ type: [KnownStateView] }) items!: KnownStateView[];
}

/** Persons as the reader may see them. */
@ApiTags('persons')
@Controller('persons')
@Roles('steward', 'worker', 'statistician')
export class PersonController {
  constructor(
    private readonly finder: EntityFinder,
    private readonly searches: PersonSearch,
    private readonly histories: PersonHistory,
    private readonly links: PersonLinks,
    private readonly log: AccessLog,
  ) {}

  // POST although it only reads: an address is kept by proxies, histories and logs, a body is not.
  @Post('search')
  @Roles('steward', 'worker')
  @HttpCode(200)
  @ApiOperation({ summary: 'Exact search by one of citizen ID, phone or name' })
  @ApiOkResponse({ type: PersonPage })
  async search(@SignedIn() account: Account, @Body() body: PersonSearchRequest): Promise<Page<PersonSummary>> {
    const term = termOf(body);
    const found = await this.searches.find(term, account, readPageMark(body.after, 1)?.[0], body.limit + 1);
    const page = pageOf(found, body.limit, (e) => [e.golden.id], personSummary);
    await this.log.noteEach(account, 'person.search', page.items.map((p) => p.id), { by: term.kind });
    return page;
  }

  @Get(':id')
  @ApiOperation({ summary: 'A person with the origin of every value and the records of the systems side by side' })
  @ApiOkResponse({ type: PersonView })
  @ApiResponse({ status: 307, description: 'Merged into another person; Location names it. Not permanent: merges can be undone.' })
  @ApiNotFoundResponse({ description: 'No such person, or outside your scope.' })
  async person(@SignedIn() account: Account, @Param('id', new EntityIdPipe('person')) id: string): Promise<PersonView> {
    const entity = await this.finder.find(id, 'person', account, (to) => `/persons/${to}`);
    await this.log.note(account, 'person.read', id);
    const households = await this.finder.householdsOf(id, account);
    return { ...goldenView(entity), households: households.map(householdSummary), contested: await this.finder.contested(entity, account) };
  }

  @Get(':id/links')
  @Roles('steward', 'worker')
  @ApiOperation({ summary: 'Why the records are one person: for each the record it fits best, comparison by comparison, in words' })
  @ApiOkResponse({ type: [PersonLinkView] })
  @ApiResponse({ status: 307, description: 'Merged into another person; Location names it.' })
  async linksOf(@SignedIn() account: Account, @Param('id', new EntityIdPipe('person')) id: string): Promise<PersonLinkView[]> {
    const entity = await this.finder.find(id, 'person', account, (to) => `/persons/${to}/links`);
    await this.log.note(account, 'person.links', id);
    return this.links.of(entity);
  }

  @Get(':id/history')
  @Roles('steward', 'worker')
  @ApiOperation({ summary: 'What was known of the person when, and since when it was true; newest first' })
  @ApiOkResponse({ type: KnownStatePage })
  @ApiResponse({ status: 307, description: 'Merged into another person; Location names it.' })
  async history(
    @SignedIn() account: Account, @Param('id', new EntityIdPipe('person')) id: string, @Query() page: PageRequest,
  ): Promise<Page<KnownStateView>> {
    const entity = await this.finder.find(id, 'person', account, (to) => `/persons/${to}/history`);
    await this.log.note(account, 'person.history', id);
    const before = readPageMark(page.after, 1)?.[0];
    const states = (await this.histories.of(entity, account)).reverse().filter((s) => before === undefined || Date.parse(s.knownFrom) < Date.parse(before));
    const items = states.slice(0, page.limit);
    return { items, next: states.length > page.limit ? pageMark([items.at(-1)!.knownFrom]) : null };
  }
}

/** The one term of a search, in the spelling that the blind indexes are made of. */
function termOf(body: PersonSearchRequest): SearchTerm {
  const given = (['citizenId', 'phone', 'name'] as const).filter((f) => body[f] !== undefined);
  if (given.length !== 1) {
    throw invalidRequest([{ field: 'citizenId', zh: '身份证号、电话、姓名任填一项。', en: 'Enter one of citizen ID, phone and name.' }]);
  }
  if (body.citizenId !== undefined) return { kind: 'citizenId', text: readCitizenId(body.citizenId)!.value };
  if (body.phone !== undefined) return { kind: 'phone', text: readPhones(body.phone)[0]!.number };
  return { kind: 'name', text: readName(body.name!).name!.key };
}
