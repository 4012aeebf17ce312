import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiNotFoundResponse, ApiOkResponse, ApiOperation, ApiProperty, ApiPropertyOptional, ApiResponse, ApiTags } from '@nestjs/swagger';
import { IsOptional, IsString, MaxLength } from 'class-validator';
import { AccessLog } from '#libs/access/access-log';
import { Roles } from '#libs/access/access-policy';
import type { Account } from '#libs/access/account';
import { PageMark, pageMark, pageOf, PageRequest, readPageMark, type Page } from '#libs/access/page-request';
import { invalidRequest, said } from '#libs/access/request-validation';
import { SignedIn } from '#libs/access/signed-in';
import { readAddress } from '#libs/values/address';
import { addressSearchTerms } from '#libs/values/address-search';
import { readCitizenId } from '#libs/values/citizen-id';
import { Divisions } from '#libs/values/divisions';
import { readName } from '#libs/values/person-name';
import { readPhones } from '#libs/values/phone';
import { IsCitizenId, IsPersonName, IsPhone } from '../entry-constraints.js';
import { PersonHistory } from '../person-history.js';
import { PersonLinks } from '../person-links.js';
import { foundAddress, PersonSearch, type SearchTerm } from '../person-search.js';
import { EntityFinder } from './entity-finder.js';
import { EntityIdPipe } from './entity-id-pipe.js';
import { FoundPerson, goldenView, householdSummary, KnownStateView, PersonLinkView, personSummary, PersonView } from './golden-views.js';

const NO_PLACE = { zh: '请写出小区、村组或路名，如“幸福小区3幢2单元301室”。', en: 'Name an estate, a village group or a road, such as 幸福小区3幢2单元301室.' };
const ADDRESS_TEXT = said(NO_PLACE.zh, NO_PLACE.en);

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

  @ApiPropertyOptional({ description: '地址, or the part of one that is known, from an estate, a village group or a road on', example: '幸福小区3幢' })
  @IsOptional()
  @IsString({ message: ADDRESS_TEXT })
  @MaxLength(200, { message: ADDRESS_TEXT })
  address?: string;
}

class PersonPage extends PageMark {
  @ApiProperty({ type: [FoundPerson] }) items!: FoundPerson[];
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
    private readonly divisions: Divisions,
  ) {}

  // POST although it only reads: an address is kept by proxies, histories and logs, a body is not.
  @Post('search')
  @Roles('steward', 'worker')
  @HttpCode(200)
  @ApiOperation({ summary: 'Search by one of citizen ID, phone, name (each exact) or address (what lies in it)' })
  @ApiOkResponse({ type: PersonPage })
  async search(@SignedIn() account: Account, @Body() body: PersonSearchRequest): Promise<Page<FoundPerson>> {
    const term = termOf(body, this.divisions);
    const found = await this.searches.find(term, account, readPageMark(body.after, 1)?.[0], body.limit + 1);
    const page = pageOf(found, body.limit, (e) => [e.golden.id], (e) => ({
      ...personSummary(e), ...(term.kind === 'address' && { foundAddress: foundAddress(e.golden, term.address) }),
    }));
    await this.log.noteSeen(account, 'person.search', found.slice(0, page.items.length), { by: term.kind });
    return page;
  }

  @Get(':id')
  @ApiOperation({ summary: 'A person with the origin of every value and the records of the systems side by side' })
  @ApiOkResponse({ type: PersonView })
  @ApiResponse({ status: 307, description: 'Merged into another person; Location names it. Not permanent: merges can be undone.' })
  @ApiNotFoundResponse({ description: 'No such person, or outside your scope.' })
  async person(@SignedIn() account: Account, @Param('id', new EntityIdPipe('person')) id: string): Promise<PersonView> {
    const entity = await this.finder.find(id, 'person', account, (to) => `/persons/${to}`);
    await this.log.noteSeen(account, 'person.read', [entity]);
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
    await this.log.noteSeen(account, 'person.links', [entity]);
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
    await this.log.noteSeen(account, 'person.history', [entity]);
    const before = readPageMark(page.after, 1)?.[0];
    const states = (await this.histories.of(entity, account)).reverse().filter((s) => before === undefined || Date.parse(s.knownFrom) < Date.parse(before));
    const items = states.slice(0, page.limit);
    return { items, next: states.length > page.limit ? pageMark([items.at(-1)!.knownFrom]) : null };
  }
}

/** The one term of a search, in the spelling that the blind indexes are made of. */
function termOf(body: PersonSearchRequest, divisions: Divisions): SearchTerm {
  const given = (['citizenId', 'phone', 'name', 'address'] as const).filter((f) => body[f] !== undefined);
  if (given.length !== 1) {
    throw invalidRequest([{ field: 'citizenId', zh: '身份证号、电话、姓名、地址任填一项。', en: 'Enter one of citizen ID, phone, name and address.' }]);
  }
  if (body.citizenId !== undefined) return { kind: 'citizenId', text: readCitizenId(body.citizenId)!.value };
  if (body.phone !== undefined) return { kind: 'phone', text: readPhones(body.phone)[0]!.number };
  if (body.name !== undefined) return { kind: 'name', text: readName(body.name)!.name!.key };
  const address = readAddress(body.address!, divisions);
  if (address === undefined || addressSearchTerms(address).length === 0) throw invalidRequest([{ field: 'address', ...NO_PLACE }]);
  return { kind: 'address', address };
}
