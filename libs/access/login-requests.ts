import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { ArrayMaxSize, IsArray, IsBoolean, IsIn, IsOptional, IsString, Length, Matches } from 'class-validator';
import { RESTRICTED_FACETS } from '#libs/model/bodies';
import { ROLES, type Account, type FacetScope, type Role } from './account.js';
import { LONGEST_PASSWORD, SHORTEST_PASSWORD } from './password.js';
import { said } from './request-validation.js';

const PASSWORD_LENGTH = said(`密码需 ${SHORTEST_PASSWORD} 到 ${LONGEST_PASSWORD} 个字符。`, `A password has ${SHORTEST_PASSWORD} to ${LONGEST_PASSWORD} characters.`);

export class LoginRequest {
  @ApiProperty({ description: 'User name.', example: 'worker' })
  @IsString({ message: said('请填写用户名。', 'Enter the user name.') })
  @Length(1, 100, { message: said('请填写用户名。', 'Enter the user name.') })
  username!: string;

  @ApiProperty({ description: 'Password.', format: 'password' })
  @IsString({ message: said('请填写密码。', 'Enter the password.') })
  @Length(1, LONGEST_PASSWORD, { message: said('请填写密码。', 'Enter the password.') })
  password!: string;

  @ApiPropertyOptional({ description: 'For programs: answer with the token and set no cookie.', default: false })
  @IsOptional()
  @IsBoolean({ message: said('只能填 true 或 false。', 'true or false.') })
  bearer?: boolean;
}

export class OneTimeLoginRequest {
  @ApiProperty({ description: 'A code this process made; it signs in once, within ten minutes.' })
  @IsString({ message: said('登录链接有误。', 'Not a sign-in link.') })
  @Matches(/^[\w-]{43}$/, { message: said('登录链接有误。', 'Not a sign-in link.') })
  code!: string;
}

export class PasswordRequest {
  @ApiProperty({ description: 'The password in use.', format: 'password' })
  @IsString({ message: said('请填写现在的密码。', 'Enter the present password.') })
  current!: string;

  @ApiProperty({ description: 'The new password.', format: 'password', minLength: SHORTEST_PASSWORD })
  @IsString({ message: PASSWORD_LENGTH })
  @Length(SHORTEST_PASSWORD, LONGEST_PASSWORD, { message: PASSWORD_LENGTH })
  next!: string;
}

export class NewAccountRequest {
  @ApiProperty({ description: 'User name: letters, digits, dot, hyphen.', example: 'li.na' })
  @Matches(/^[a-z0-9][a-z0-9.-]{1,39}$/, { message: said('用户名为 2 到 40 个小写字母、数字、点或短横。', '2 to 40 lower-case letters, digits, dots or hyphens.') })
  username!: string;

  @ApiProperty({ description: 'Name shown to others.' })
  @IsString({ message: said('请填写显示名称。', 'Enter the name to show.') })
  @Length(1, 60, { message: said('显示名称为 1 到 60 个字。', '1 to 60 characters.') })
  displayName!: string;

  @ApiProperty({ enum: ROLES })
  @IsIn(ROLES, { message: said('没有这个角色。', `One of ${ROLES.join(', ')}.`) })
  role!: Role;

  @ApiPropertyOptional({ description: 'Division codes whose residents the account sees; empty: the whole city.', type: [String], example: ['990101001'] })
  @IsOptional()
  @IsArray({ message: said('请填写区划代码列表。', 'A list of division codes.') })
  @ArrayMaxSize(200, { message: said('最多 200 个区划。', 'At most 200 divisions.') })
  @Matches(/^\d{4,12}$/, { each: true, message: said('区划代码为 4 到 12 位数字。', 'A division code has 4 to 12 digits.') })
  communities?: string[];

  @ApiPropertyOptional({ description: 'Restricted facets the account sees.', enum: RESTRICTED_FACETS, isArray: true })
  @IsOptional()
  @IsArray({ message: said('请填写范围列表。', 'A list of scopes.') })
  @IsIn(RESTRICTED_FACETS, { each: true, message: said('没有这个范围。', `One of ${RESTRICTED_FACETS.join(', ')}.`) })
  facetScopes?: FacetScope[];

  @ApiPropertyOptional({ description: 'Systems in whose name the account answers disputes.', type: [String], example: ['hukou'] })
  @IsOptional()
  @IsArray({ message: said('请填写系统列表。', 'A list of systems.') })
  @Matches(/^[a-z][a-z0-9-]{1,59}$/, { each: true, message: said('系统标识有误。', 'The id of a system.') })
  departments?: string[];
}

export class AccountView implements Account {
  @ApiProperty() id!: string;
  @ApiProperty() username!: string;
  @ApiProperty() displayName!: string;
  @ApiProperty({ enum: ROLES }) role!: Role;
  @ApiProperty({ type: [String], description: 'Empty: the whole city.' }) communities!: readonly string[];
  @ApiProperty({ enum: RESTRICTED_FACETS, isArray: true }) facetScopes!: readonly FacetScope[];
  @ApiPropertyOptional({ type: [String], description: 'Systems in whose name the account answers disputes.' }) departments?: readonly string[];
}

export class SessionView {
  @ApiProperty({ type: AccountView }) account!: AccountView;
  @ApiProperty({ format: 'date-time' }) expiresAt!: string;
  @ApiPropertyOptional({ description: 'Only when asked for with `bearer: true`.' }) token?: string;
}

export class ListedAccountView extends AccountView {
  @ApiProperty() disabled!: boolean;
  @ApiProperty({ format: 'date-time' }) createdAt!: string;
}

export class NewPasswordView {
  @ApiProperty({ type: AccountView }) account!: AccountView;
  @ApiProperty({ description: 'Generated; shown this once.' }) password!: string;
}
