export const EHR_NAMESPACE = 'http://ws.ehr.example/';

/** Elements of a health file, in their order. */
export const EHR_ELEMENTS = ['name', 'idNo', 'gender', 'birth', 'nation', 'phone', 'address', 'divisionCode', 'familyNo', 'relation', 'motherId', 'orgName',
  'seniorService', 'contracted', 'status', 'updateTime'] as const;

/** SOAP 1.2, document style, typed. */
export function ehrWsdl(url: string): string {
  const optional = (name: string, type: string): string => `<xs:element name="${name}" type="${type}" minOccurs="0"/>`;
  const element = (name: string, content: string): string => `<xs:element name="${name}"><xs:complexType><xs:sequence>${content}</xs:sequence></xs:complexType></xs:element>`;
  const names = ['queryArchive', 'updateArchive'];
  return `<?xml version="1.0" encoding="UTF-8"?>
<wsdl:definitions name="EhrService" targetNamespace="${EHR_NAMESPACE}" xmlns:tns="${EHR_NAMESPACE}" xmlns:wsdl="http://schemas.xmlsoap.org/wsdl/"
  xmlns:soap12="http://schemas.xmlsoap.org/wsdl/soap12/" xmlns:xs="http://www.w3.org/2001/XMLSchema">
<wsdl:types><xs:schema targetNamespace="${EHR_NAMESPACE}" elementFormDefault="unqualified">
<xs:complexType name="gender"><xs:simpleContent><xs:extension base="xs:string"><xs:attribute name="code" type="xs:string"/></xs:extension></xs:simpleContent></xs:complexType>
<xs:complexType name="ehr"><xs:sequence>${EHR_ELEMENTS.map((e) => optional(e, e === 'gender' ? 'tns:gender' : 'xs:string')).join('')}</xs:sequence><xs:attribute name="archiveNo" type="xs:string"/></xs:complexType>
<xs:complexType name="ehrList"><xs:sequence><xs:element name="ehr" type="tns:ehr" minOccurs="0" maxOccurs="unbounded"/></xs:sequence></xs:complexType>
<xs:complexType name="queryResult"><xs:sequence><xs:element name="code" type="xs:string"/>${optional('message', 'xs:string')}${optional('total', 'xs:int')}${optional('ehrList', 'tns:ehrList')}</xs:sequence></xs:complexType>
<xs:complexType name="updateResult"><xs:sequence><xs:element name="code" type="xs:string"/>${optional('message', 'xs:string')}${optional('archiveNo', 'xs:string')}</xs:sequence></xs:complexType>
${element('queryArchive', optional('updatedFrom', 'xs:string') + optional('page', 'xs:int') + optional('size', 'xs:int'))}
${element('queryArchiveResponse', '<xs:element name="return" type="tns:queryResult"/>')}
${element('updateArchive', '<xs:element name="ehr" type="tns:ehr"/>')}
${element('updateArchiveResponse', '<xs:element name="return" type="tns:updateResult"/>')}
</xs:schema></wsdl:types>
${names.map((n) => `<wsdl:message name="${n}"><wsdl:part name="parameters" element="tns:${n}"/></wsdl:message><wsdl:message name="${n}Response"><wsdl:part name="parameters" element="tns:${n}Response"/></wsdl:message>`).join('')}
<wsdl:portType name="Ehr">${names.map((n) => `<wsdl:operation name="${n}"><wsdl:input message="tns:${n}"/><wsdl:output message="tns:${n}Response"/></wsdl:operation>`).join('')}</wsdl:portType>
<wsdl:binding name="EhrBinding" type="tns:Ehr"><soap12:binding style="document" transport="http://schemas.xmlsoap.org/soap/http"/>
${names.map((n) => `<wsdl:operation name="${n}"><soap12:operation soapAction="${EHR_NAMESPACE}${n}" style="document"/><wsdl:input><soap12:body use="literal"/></wsdl:input><wsdl:output><soap12:body use="literal"/></wsdl:output></wsdl:operation>`).join('')}</wsdl:binding>
<wsdl:service name="EhrService"><wsdl:port name="EhrPort" binding="tns:EhrBinding"><soap12:address location="${url}"/></wsdl:port></wsdl:service>
</wsdl:definitions>
`;
}
