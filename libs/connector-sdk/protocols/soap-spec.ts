import { z } from 'zod';
import { caFile } from './ca-file.js';
import { codeText, timestampFormatSchema } from '#libs/mapping/guard';
import { atOnceSchema } from './write-each.js';

/** Elements of a request in their order: a text, one placeholder, or elements again. */
export interface SoapElements {
  [element: string]: string | SoapElements;
}

const elementName = z.string().regex(/^[A-Za-z_][\w.-]*$/);
const elementsSchema: z.ZodType<SoapElements> = z.record(elementName, z.union([z.string(), z.lazy(() => elementsSchema)]));

/** Where the service is and who asks: the same for reading and writing. */
const service = {
  protocol: z.literal('soap'),
  /** Name of the environment variable with the address of the endpoint (not of its WSDL). */
  urlSecret: z.string(),
  /** 1.1: text/xml and SOAPAction; 1.2: application/soap+xml. */
  version: z.enum(['1.1', '1.2']),
  /** Target namespace of the WSDL. */
  namespace: z.string().min(1),
  /** elementFormDefault of the WSDL: whether the elements inside the operation's are in its namespace, too. */
  qualified: z.boolean().default(false),
  /** Of the envelopes, both ways. */
  encoding: z.enum(['utf-8', 'gbk', 'gb18030']).default('utf-8'),
  userSecret: z.string().optional(),
  passwordSecret: z.string().optional(),
  /** `usernameToken`: WS-Security with password digest, nonce and time of creation. */
  security: z.enum(['none', 'usernameToken']).default('none'),
  caFile,
  /** For one whole exchange; well below the minute after which a reader takes silence for an outage. */
  timeoutSeconds: z.number().int().min(1).max(40).default(15),
  /** A longer answer is refused while it comes. */
  maxAnswerMegabytes: z.number().int().min(1).max(256).default(16),
};

const call = {
  operation: elementName,
  /** SOAPAction (1.1) or the action parameter (1.2). */
  action: z.string().default(''),
  /** The request is a document of its own, as text in this element; absent: typed elements. */
  argument: elementName.optional(),
  /** What the operation's element holds. Texts may be one of {user} {password} {from} {page} {size} {key} {ref} {row}, alone. */
  request: elementsSchema,
};

const answer = {
  /** Element that holds the whole answer. */
  element: elementName,
  /** It holds a document of its own, as text. */
  asText: z.boolean().default(false),
  /** Element with the result code, and what the codes mean; any other code is an answer that nobody agreed. */
  code: elementName,
  codes: z.strictObject({
    ok: z.array(codeText).min(1),
    refused: z.array(codeText).default([]),
    notAuthorised: z.array(codeText).default([]),
    busy: z.array(codeText).default([]),
    conflict: z.array(codeText).default([]),
  }),
};

const query = z.strictObject({
  ...call,
  answer: z.strictObject({
    ...answer,
    /** Element with the number of rows that the question has in all its pages; a page that holds fewer than it should is refused. */
    total: elementName.optional(),
  }),
});

/** A service that is asked for what changed since a time, page by page, in the order of that time. */
export const soapLiveSchema = z.strictObject({
  ...service,
  /** Its format is xml-records: the answer holds its record elements. */
  table: z.string(),
  pollSeconds: z.number().int().min(1).max(86_400).default(5),
  pageSize: z.number().int().min(1).max(5000).default(200),
  /** The column that a question's {from} is compared with. Rows are asked for again from so far behind the watermark. */
  updated: z.strictObject({ column: z.string(), format: timestampFormatSchema, rereadSeconds: z.number().int().min(1) }),
  query,
  /** Asks for one record by {key}; absent: all are asked for until it comes. */
  one: query.optional(),
});

/** A service that takes one record a call and answers with a result code, and with the key of a record that it created. */
export const soapDeliverySchema = z.strictObject({
  ...service,
  update: z.strictObject({
    ...call,
    /** `key`: element with the record's key; `message`: element whose text may name columns. */
    answer: z.strictObject({ ...answer, key: elementName.optional(), message: elementName.optional() }),
  }),
  /** Calls under way at once, each of another record. */
  atOnce: atOnceSchema,
  /** Sends our ref as WS-Addressing MessageID, by which the service knows a repeated message. */
  messageId: z.boolean().default(false),
});

export type SoapLiveSpec = z.infer<typeof soapLiveSchema>;
export type SoapDeliverySpec = z.infer<typeof soapDeliverySchema>;
/** Service, one operation of it and its answer, whichever side it belongs to. */
export type SoapService = Pick<SoapLiveSpec, 'version' | 'namespace' | 'qualified' | 'encoding' | 'security' | 'timeoutSeconds' | 'maxAnswerMegabytes'>;
export type SoapCall = Pick<SoapLiveSpec['query'], 'operation' | 'action' | 'argument' | 'request'>;
export type SoapAnswerSpec = Pick<SoapLiveSpec['query']['answer'], 'element' | 'asText' | 'code' | 'codes'>;
