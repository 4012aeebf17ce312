import { Body, Controller, Get, HttpCode, Param, ParseUUIDPipe, Post, Query } from '@nestjs/common';
import { ApiCreatedResponse, ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiProperty, ApiTags } from '@nestjs/swagger';
import { AccessLog } from './access-log.js';
import { Roles } from './access-policy.js';
import type { Account } from './account.js';
import { AccountStore } from './account-store.js';
import { ListedAccountView, NewAccountRequest, NewPasswordView } from './login-requests.js';
import { PageMark, pageOf, PageRequest, readPageMark, type Page } from './page-request.js';
import { generatePassword } from './password.js';
import { SignedIn } from './signed-in.js';

class AccountPage extends PageMark {
  @ApiProperty({ type: [ListedAccountView] }) items!: ListedAccountView[];
}

/** Accounts, kept by administrators. Passwords are generated and shown once; nobody can choose one for another. */
@ApiTags('accounts')
@Controller('accounts')
@Roles('admin')
export class AccountController {
  constructor(
    private readonly accounts: AccountStore,
    private readonly log: AccessLog,
  ) {}

  @Get()
  @ApiOperation({ summary: 'All accounts' })
  @ApiOkResponse({ type: AccountPage })
  async list(@Query() page: PageRequest): Promise<Page<ListedAccountView>> {
    const rows = await this.accounts.list(readPageMark(page.after, 1)?.[0], page.limit + 1);
    return pageOf(rows, page.limit, (a) => [a.username], (a) => a);
  }

  @Post()
  @ApiOperation({ summary: 'Create an account' })
  @ApiCreatedResponse({ type: NewPasswordView })
  async create(@SignedIn() by: Account, @Body() body: NewAccountRequest): Promise<NewPasswordView> {
    const password = generatePassword();
    const account = await this.accounts.create({ ...body, password });
    await this.log.note(by, 'account.create', account.id, { role: account.role });
    return { account, password };
  }

  @Post(':id/password')
  @HttpCode(200)
  @ApiOperation({ summary: 'Give a new password; ends the sessions of the account' })
  @ApiOkResponse({ schema: { properties: { password: { type: 'string' } } } })
  async newPassword(@SignedIn() by: Account, @Param('id', ParseUUIDPipe) id: string): Promise<{ password: string }> {
    const password = generatePassword();
    await this.accounts.setPassword(id, password);
    await this.log.note(by, 'account.password', id);
    return { password };
  }

  @Post(':id/disable')
  @HttpCode(204)
  @ApiOperation({ summary: 'Close an account; ends its sessions at once' })
  @ApiNoContentResponse()
  async disable(@SignedIn() by: Account, @Param('id', ParseUUIDPipe) id: string): Promise<void> {
    await this.accounts.setDisabled(id, true);
    await this.log.note(by, 'account.disable', id);
  }

  @Post(':id/enable')
  @HttpCode(204)
  @ApiOperation({ summary: 'Open a closed account again' })
  @ApiNoContentResponse()
  async enable(@SignedIn() by: Account, @Param('id', ParseUUIDPipe) id: string): Promise<void> {
    await this.accounts.setDisabled(id, false);
    await this.log.note(by, 'account.enable', id);
  }
}
