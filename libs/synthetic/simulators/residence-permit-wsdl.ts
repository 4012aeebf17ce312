export const LDRK_NAMESPACE = 'http://ws.ldrk.example/';

/** SOAP 1.1, document style, one text in and one out. */
export function ldrkWsdl(url: string): string {
  const operation = (name: string): { types: string; messages: string; port: string; binding: string } => ({
    types: `<xs:element name="${name}"><xs:complexType><xs:sequence><xs:element name="in0" type="xs:string"/></xs:sequence></xs:complexType></xs:element>`
      + `<xs:element name="${name}Response"><xs:complexType><xs:sequence><xs:element name="out" type="xs:string"/></xs:sequence></xs:complexType></xs:element>`,
    messages: `<wsdl:message name="${name}Request"><wsdl:part name="parameters" element="tns:${name}"/></wsdl:message>`
      + `<wsdl:message name="${name}Response"><wsdl:part name="parameters" element="tns:${name}Response"/></wsdl:message>`,
    port: `<wsdl:operation name="${name}"><wsdl:input message="tns:${name}Request"/><wsdl:output message="tns:${name}Response"/></wsdl:operation>`,
    binding: `<wsdl:operation name="${name}"><soap:operation soapAction="" style="document"/><wsdl:input><soap:body use="literal"/></wsdl:input>`
      + '<wsdl:output><soap:body use="literal"/></wsdl:output></wsdl:operation>',
  });
  const all = [operation('QueryLdrk'), operation('UpdateLdrk')];
  return `<?xml version="1.0" encoding="UTF-8"?>
<wsdl:definitions name="LdrkService" targetNamespace="${LDRK_NAMESPACE}" xmlns:tns="${LDRK_NAMESPACE}" xmlns:wsdl="http://schemas.xmlsoap.org/wsdl/"
  xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/" xmlns:xs="http://www.w3.org/2001/XMLSchema">
<wsdl:types><xs:schema targetNamespace="${LDRK_NAMESPACE}" elementFormDefault="unqualified">${all.map((o) => o.types).join('')}</xs:schema></wsdl:types>
${all.map((o) => o.messages).join('')}
<wsdl:portType name="Ldrk">${all.map((o) => o.port).join('')}</wsdl:portType>
<wsdl:binding name="LdrkBinding" type="tns:Ldrk"><soap:binding style="document" transport="http://schemas.xmlsoap.org/soap/http"/>${all.map((o) => o.binding).join('')}</wsdl:binding>
<wsdl:service name="LdrkService"><wsdl:port name="LdrkPort" binding="tns:LdrkBinding"><soap:address location="${url}"/></wsdl:port></wsdl:service>
</wsdl:definitions>
`;
}
